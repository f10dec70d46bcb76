import { expect, test } from "vitest";
import { createFailedKeys } from "../../../src/auth/failed-keys.ts";

test("after 30 wrong keys an address waits for the rest of the minute; other addresses do not", () => {
  let now = 0;
  const failedKeys = createFailedKeys(() => now);
  for (let count = 0; count < 30; count += 1) failedKeys.failed("a");
  expect(() => failedKeys.check("a", "key 1")).toThrow("Too many wrong API keys");
  expect(() => failedKeys.check("b", undefined)).not.toThrow();
  now = 60_000;
  expect(() => failedKeys.check("a", undefined)).not.toThrow();
});

test("only the key that was right from this address before is let through", () => {
  const failedKeys = createFailedKeys();
  failedKeys.succeeded("a", "key 1");
  for (let count = 0; count < 30; count += 1) failedKeys.failed("a");
  expect(() => failedKeys.check("a", "key 1")).not.toThrow();
  expect(() => failedKeys.check("a", "key 2")).toThrow("Too many");
  expect(() => failedKeys.check("a", undefined)).toThrow("Too many");
});

test("a flood of addresses pushes out the oldest ones, not the memory", () => {
  const failedKeys = createFailedKeys();
  for (let count = 0; count < 30; count += 1) failedKeys.failed("first");
  for (let count = 0; count < 10_000; count += 1) failedKeys.failed(`address ${count}`);
  expect(() => failedKeys.check("first", undefined)).not.toThrow();
});
