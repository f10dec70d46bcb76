import { expect, test } from "vitest";
import { capJson, capText, MAX_STORED_JSON, MAX_STORED_TEXT } from "../../../src/lib/text.ts";

test("a text within the limit stays as it is, a longer one says how much was cut", () => {
  expect(capText("short")).toBe("short");
  const long = capText("x".repeat(MAX_STORED_TEXT + 7));
  expect(long).toBe(`${"x".repeat(MAX_STORED_TEXT)}… [cut: 7 more characters]`);
});

test("what Postgres refuses is replaced: NUL, and half of a character that a cut left behind", () => {
  expect(capText("a\u0000b")).toBe("a\uFFFDb");
  expect(capText("👋👋", 3).startsWith("👋\uFFFD… [cut: 1 more")).toBe(true);
  expect(capJson({ "k\u0000": ["\uD800"] })).toEqual({ "k\uFFFD": ["\uFFFD"] });
});

test("a small JSON value is kept whole, an undefined one becomes null", () => {
  const value = { a: [1, true, null, "x"], b: { c: 1.5 } };
  expect(capJson(value)).toEqual(value);
  expect(capJson(undefined)).toBeNull();
  expect(capJson({ a: Number.NaN })).toEqual({ a: null });
});

test("a JSON value is bounded in each text, in all, and in depth", () => {
  const capped = capJson({ content: "x".repeat(2_000_000), path: "/a" });
  expect(capped).toMatchObject({ path: "/a", content: expect.stringContaining("more characters]") });
  expect(JSON.stringify(capped).length).toBeLessThan(MAX_STORED_TEXT + 200);
  const many = capJson(Array.from({ length: 1_000_000 }, (_, at) => `item ${at}`));
  expect(JSON.stringify(many).length).toBeLessThan(MAX_STORED_JSON * 2);
  expect((many as unknown[]).at(-1)).toMatch(/^… \[cut: \d+ more items\]$/);
  let deep: unknown = "bottom";
  for (let level = 0; level < 10_000; level++) deep = [deep];
  expect(JSON.stringify(capJson(deep))).toContain("… [cut]");
});

test("a key named __proto__ is data like any other", () => {
  const capped = capJson(JSON.parse('{"__proto__":{"polluted":true}}'));
  expect(Object.keys(capped as object)).toEqual(["__proto__"]);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
});
