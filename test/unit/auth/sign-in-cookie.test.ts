import { expect, test } from "vitest";
import { cookieValue, createSignInCookies, SIGN_IN_SECONDS } from "../../../src/auth/sign-in-cookie.ts";

const keys = ["first-key-0123456789", "second-key-0123456789"];

test("a cookie names the key it was issued for until 30 days are over", () => {
  let now = 1_700_000_000_000;
  const cookies = createSignInCookies(keys, () => now);
  const value = cookies.issue("key 2");
  expect(cookies.nameOf(value)).toBe("key 2");
  now += SIGN_IN_SECONDS * 1000 - 1;
  expect(cookies.nameOf(value)).toBe("key 2");
  now += 1;
  expect(cookies.nameOf(value)).toBeUndefined();
});

test("a later expiry, another signature or another key do not pass", () => {
  const cookies = createSignInCookies(keys);
  const [expiry = "", signature = ""] = cookies.issue("key 1").split(".");
  for (const forged of [
    `${Number(expiry) + 1}.${signature}`,
    `${expiry}.${"A".repeat(43)}`,
    expiry,
    `${expiry}.`,
    "",
    "x.y",
    `-1.${signature}`,
  ]) {
    expect(cookies.nameOf(forged)).toBeUndefined();
  }
  expect(createSignInCookies(["another-key-0123456789"]).nameOf(`${expiry}.${signature}`)).toBeUndefined();
  expect(createSignInCookies([]).nameOf(`${expiry}.${signature}`)).toBeUndefined();
});

test.each([
  ["a=1; name=x; b=2", "x"],
  ["name=", ""],
  ["xname=1", undefined],
  ["name=1; name=2", undefined],
  [undefined, undefined],
])("in %j the value is %j", (header, value) => {
  expect(cookieValue(header, "name")).toBe(value);
});
