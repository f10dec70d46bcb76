import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonFault } from "../../../src/http/json-fault.ts";

test.each([
  ["", "it ends too early, at position 0 (line 1, column 1)"],
  ['{"a"', "it ends too early, at position 4"],
  ['"\\u12', "it ends too early, at position 5"],
  ["tru", "it ends too early, at position 3"],
  ["-", "it ends too early, at position 1"],
  ["1.", "it ends too early, at position 2"],
  ["{'a': 1}", "unexpected text at position 1"],
  ["[1,\n2,\n]", "unexpected text at position 7 (line 3, column 1)"],
  ['{"a": 1} x', "unexpected text at position 9"],
  ["undefined", "unexpected text at position 0"],
])("%j: %s", (text, said) => {
  expect(jsonFault(text)).toContain(said);
});

test("valid JSON with one character broken is found no later than there", () => {
  fc.assert(
    fc.property(fc.json(), fc.nat(), (json, at) => {
      const position = at % json.length;
      const broken = `${json.slice(0, position)}\u0001${json.slice(position)}`;
      const found = Number(/position (\d+)/u.exec(jsonFault(broken))?.[1]);
      expect(found).toBe(position);
    }),
  );
});

test("a megabyte is searched in one pass: looking back for each letter would take minutes", () => {
  const before = performance.now();
  jsonFault(`[${"1,".repeat(500_000)}x]`);
  expect(performance.now() - before).toBeLessThan(8_000);
});
