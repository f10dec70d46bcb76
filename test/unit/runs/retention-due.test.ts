import { expect, test } from "vitest";
import { lastDue } from "../../../src/runs/retention.ts";

test.each([
  ["after the hour it is today's", new Date(2026, 4, 10, 15), new Date(2026, 4, 10, 3)],
  [
    "before the hour it is yesterday's, so that a machine that was off catches up",
    new Date(2026, 4, 10, 2, 59),
    new Date(2026, 4, 9, 3),
  ],
  ["on the first of a year it is last year's", new Date(2027, 0, 1, 1), new Date(2026, 11, 31, 3)],
])("%s", (_, now, due) => {
  expect(lastDue(now, 3)).toEqual(due);
});
