import { expect, test } from "vitest";
import { createQuota } from "../../../src/orchestration/question-limit.ts";

test("what is beyond the limit is told once, and the next window begins anew", () => {
  const judge = createQuota({ most: 2, windowMs: 1_000 });
  expect([5, 6, 7, 8, 900].map(judge)).toEqual(["within", "within", "first beyond", "beyond", "beyond"]);
  expect([1_005, 1_006, 1_007].map(judge)).toEqual(["within", "within", "first beyond"]);
});
