import { expect, test } from "vitest";
import { budgetText, budgetsOf, findSpent, moneyLeft } from "../../../src/runs/budgets.ts";

const noon = new Date(2026, 11, 31, 12);
const spent = { dayUsd: 4, monthUsd: 40, sessionUsd: 0.5 };
const limits = { dayUsd: 5, monthUsd: 50, sessionUsd: 1 };

test("the last day of a year ends with its year, and so does its month", () => {
  const budgets = budgetsOf(limits, spent, noon);
  expect(budgets.map(({ of, until }) => [of, until])).toEqual([
    ["session", null],
    ["month", new Date(2027, 0, 1)],
    ["day", new Date(2027, 0, 1)],
  ]);
});

test("where nobody set a limit there is no budget", () => {
  expect(budgetsOf({}, spent, noon)).toEqual([]);
  expect(moneyLeft([], { costUsd: 3 })).toBeUndefined();
});

test("a run gets what is left of the tightest budget", () => {
  const budgets = budgetsOf(limits, spent, noon);
  expect(moneyLeft(budgets, { costUsd: null })).toBe(0.5);
  expect(moneyLeft(budgets, { maxBudgetUsd: 0.2, costUsd: null })).toBe(0.2);
  expect(moneyLeft(budgetsOf({ ...limits, sessionUsd: undefined }, spent, noon), { costUsd: null })).toBe(1);
});

test("a run that was cut off has its own limit less what it has cost", () => {
  expect(moneyLeft([], { maxBudgetUsd: 1, costUsd: 0.75 })).toBe(0.25);
});

test("what Claude is told is never nothing, negative or in exponents", () => {
  expect(String(moneyLeft([], { maxBudgetUsd: 1, costUsd: 2 }))).toBe("0.0001");
  expect(String(moneyLeft([], { maxBudgetUsd: 0.000_000_1, costUsd: null }))).toBe("0.0001");
});

test("of two spent budgets the one that lasts longer is told", () => {
  const budgets = budgetsOf(limits, { ...spent, dayUsd: 5, monthUsd: 51 }, noon);
  expect(findSpent(budgets)?.of).toBe("month");
});

const spentAt = (sessionUsd: number) => findSpent(budgetsOf({ sessionUsd: 1 }, { ...spent, sessionUsd }, noon));

test("a budget is spent at its limit, not below it", () => {
  expect(spentAt(0.99)).toBeUndefined();
  expect(spentAt(1)?.of).toBe("session");
  expect(spentAt(0.999_99)?.of, "a rest that pays for no request").toBe("session");
});

test("the text names the budget, the sums, and how it goes on", () => {
  const [session, , day] = budgetsOf(limits, { ...spent, dayUsd: 5.5, sessionUsd: 1 }, noon);
  expect(session && budgetText(session)).toMatch(
    /session is spent: \$1\.00 of \$1\.00\. It waits until .*sessionBudgetUsd/,
  );
  expect(day && budgetText(day)).toMatch(/day is spent: \$5\.50 of \$5\.00 .*2027-01-01 00:00 \(.+\)$/);
});
