import { expect, test } from "vitest";
import { hostName, isLoopbackAddress, isLoopbackName } from "../../../src/auth/host-names.ts";

test.each([
  ["localhost:3001", "localhost"],
  ["LOCALHOST.", "localhost"],
  ["[::1]:3001", "::1"],
  ["a-b.example_x:65535", "a-b.example_x"],
  ["", undefined],
  ["a:b", undefined],
  ["a/b", undefined],
  ["user@localhost", undefined],
  ["localhost:3001:3001", undefined],
  ["::1", undefined],
  ["a\0b", undefined],
])("the name in Host %j is %j", (header, name) => {
  expect(hostName(header)).toBe(name);
});

test.each(["127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1"])("%s is this machine", (address) => {
  expect(isLoopbackAddress(address)).toBe(true);
});

test.each(["127.0.0.1.example", "128.0.0.1", "0.0.0.0", "::", "::ffff:10.0.0.1", "127.1", "", undefined])(
  "%s is not this machine",
  (address) => {
    expect(isLoopbackAddress(address)).toBe(false);
  },
);

test("a name that begins like localhost is not localhost", () => {
  expect(isLoopbackName("localhost")).toBe(true);
  expect(isLoopbackName("localhost.example")).toBe(false);
});
