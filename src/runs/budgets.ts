import { localMinute, startOfDay, startOfMonth, startOfNextDay, startOfNextMonth } from "../lib/calendar.ts";

/** A limit on money that more than one run shares. */
export interface Budget {
  of: "session" | "day" | "month";
  spentUsd: number;
  limitUsd: number;
  /** When it begins anew; null for a session's, which lasts until somebody raises it. */
  until: Date | null;
}

/** The limits an operator set; absent means none. */
export interface BudgetLimits {
  dayUsd?: number | undefined;
  monthUsd?: number | undefined;
}

export interface Spending {
  dayUsd: number;
  monthUsd: number;
  sessionUsd: number;
}

/** Less than this is nothing: a run could not make one request with it. */
const NOTHING_USD = 0.0001;

/** Since when money counts for the day and the month `now` is in. */
export const spendingPeriods = (now: Date) => ({ dayStart: startOfDay(now), monthStart: startOfMonth(now) });

/** The budgets a run of a session has to keep, those that last longest first. */
export function budgetsOf(
  limits: BudgetLimits & { sessionUsd?: number | undefined },
  spent: Spending,
  now: Date,
): Budget[] {
  const of = (name: Budget["of"], limitUsd: number | undefined, until: Date | null): Budget[] =>
    limitUsd === undefined ? [] : [{ of: name, spentUsd: spent[`${name}Usd`], limitUsd, until }];
  return [
    ...of("session", limits.sessionUsd, null),
    ...of("month", limits.monthUsd, startOfNextMonth(now)),
    ...of("day", limits.dayUsd, startOfNextDay(now)),
  ];
}

const leftOf = ({ spentUsd, limitUsd }: Budget): number => limitUsd - spentUsd;

/** The budget that lets no run start; of several the one that lasts longest. `more` is money not counted in yet. */
export const findSpent = (budgets: readonly Budget[], more = 0): Budget | undefined =>
  budgets.find((budget) => leftOf(budget) - more < NOTHING_USD);

/** What one life of Claude may cost: its run's own limit less what the run has cost, and never more than is left of any budget. */
export function moneyLeft(
  budgets: readonly Budget[],
  run: { maxBudgetUsd?: number | undefined; costUsd: number | null },
): number | undefined {
  const own = run.maxBudgetUsd === undefined ? [] : [run.maxBudgetUsd - (run.costUsd ?? 0)];
  const all = [...own, ...budgets.map(leftOf)];
  if (all.length === 0) return undefined;
  // As Claude is told it: no exponent, and not nothing.
  return Math.max(NOTHING_USD, Number(Math.min(...all).toFixed(6)));
}

const dollars = (usd: number): string => `$${usd.toFixed(usd < 1 ? 4 : 2)}`;

const raisedBy: Record<Budget["of"], string> = {
  session: "PATCH sessionBudgetUsd to go on",
  day: "BUDGET_DAY_USD",
  month: "BUDGET_MONTH_USD",
};

/** Which budget is spent, how far, and until when, in words for a person. */
export function budgetText(budget: Budget): string {
  const spent = `The budget of the ${budget.of} is spent: ${dollars(budget.spentUsd)} of ${dollars(budget.limitUsd)}`;
  if (budget.until === null)
    return `${spent}. It waits until the budget is raised (${raisedBy[budget.of]}) or the run is stopped`;
  return `${spent} (${raisedBy[budget.of]}). It begins anew on ${localMinute(budget.until)}`;
}
