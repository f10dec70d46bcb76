import fc from "fast-check";
import { expect, test } from "vitest";
import { lineDiff } from "../../../src/cli/line-diff.ts";

test("changed lines are marked and far unchanged ones left out", () => {
  const before = ["a", "b", "c", "d", "e", "f"].join("\n");
  const after = ["a", "b", "c", "d", "X", "f"].join("\n");
  expect(lineDiff(before, after)).toBe(["  b", "  c", "  d", "- e", "+ X", "  f"].join("\n"));
  expect(lineDiff("", "one")).toBe("+ one");
  expect(lineDiff("one", "one")).toBe("");
});

test("the marked lines turn the one text into the other", () => {
  const text = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 8 });
  fc.assert(
    fc.property(text, text, (before, after) => {
      fc.pre(before.length > 0 && after.length > 0 && before.join() !== after.join());
      const lines = lineDiff(before.join("\n"), after.join("\n"), Number.POSITIVE_INFINITY).split("\n");
      const side = (marks: string): string[] =>
        lines.filter((line) => marks.includes(line.charAt(0))).map((line) => line.slice(2));
      expect(side(" -")).toEqual(before);
      expect(side(" +")).toEqual(after);
    }),
  );
});
