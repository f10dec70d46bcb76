import { expect, test } from "vitest";
import { createApiKeys } from "../../../src/auth/api-keys.ts";

test("a key is known as a whole, by its place in API_KEY", () => {
  const keys = createApiKeys(["first-key-0123456789", "second-key-0123456789"]);
  expect(keys.nameOf("second-key-0123456789")).toBe("key 2");
  for (const wrong of ["", "first-key", "first-key-0123456789 ", "FIRST-KEY-0123456789"])
    expect(keys.nameOf(wrong)).toBeUndefined();
});

test("without keys nothing is right, not even nothing", () => {
  expect(createApiKeys([]).nameOf("")).toBeUndefined();
});
