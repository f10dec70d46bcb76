import { expect, test } from "vitest";
import { checkJsonSchema, faultOf } from "../../../src/lib/json-schema.ts";

const withPattern = (pattern: string) => ({
  type: "object",
  properties: { a: { type: "string", pattern } },
  required: ["a"],
});

test.each([
  ["a plain one", { type: "object" }],
  ["draft 2020-12 by name", { $schema: "https://json-schema.org/draft/2020-12/schema", type: "object", $defs: {} }],
  ["references within", { type: "object", properties: { a: { $ref: "#/definitions/b" } }, definitions: { b: true } }],
  ["formats", { type: "object", properties: { a: { type: "string", format: "date-time" } } }],
])("%s is a schema that can be used", (_, schema) => {
  expect(() => checkJsonSchema("body.jsonSchema", schema)).not.toThrow();
});

test.each([
  ["one that would be checked later", { type: "object", $async: true }, "must not have $async"],
  ["a broken pattern", withPattern("("), "Invalid regular expression"],
  ["an unknown format", { type: "object", properties: { a: { type: "string", format: "wat" } } }, "unknown format"],
  ["one that is too deep", deep(3_000), "call stack"],
])("%s is refused", (_, schema, rule) => {
  expect(() => checkJsonSchema("body.jsonSchema", schema)).toThrow(rule);
});

interface Nested {
  type: string;
  properties?: { a: Nested };
}

function deep(levels: number): Nested {
  let schema: Nested = { type: "object" };
  for (let level = 0; level < levels; level++) schema = { type: "object", properties: { a: schema } };
  return schema;
}

test("a value that does not fit is told why, one that fits is not", () => {
  expect(faultOf(withPattern("^b"), { a: "b" })).toBeUndefined();
  expect(faultOf(withPattern("^b"), { a: "a" })).toBe('/a must match pattern "^b"');
  expect(faultOf(withPattern("^b"), null)).toBe("it must be object");
});

test("a pattern that would take for ever is ended", () => {
  const began = performance.now();
  expect(faultOf(withPattern("^(a+)+$"), { a: `${"a".repeat(40)}!` })).toContain("could not be checked");
  expect(performance.now() - began).toBeLessThan(20_000);
});
