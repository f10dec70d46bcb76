import { sql, type Kysely } from "kysely";
import type { ClaudeOptions } from "../contract/session.ts";
import type { DB } from "../db/schema.ts";
import { findSpending } from "../usage/spending-queries.ts";
import { budgetsOf, spendingPeriods, type Budget, type BudgetLimits } from "./budgets.ts";

/** The budgets a session's next run has to keep, with what is spent of each. Asks nothing when there is none. */
export async function findBudgets(
  db: Kysely<DB>,
  session: { sessionId: string; options: unknown },
  limits: BudgetLimits,
): Promise<Budget[]> {
  const { sessionBudgetUsd: sessionUsd } = session.options as ClaudeOptions;
  if (sessionUsd === undefined && limits.dayUsd === undefined && limits.monthUsd === undefined) return [];
  const now = new Date();
  const isShared = limits.dayUsd !== undefined || limits.monthUsd !== undefined;
  const spent = isShared ? await findSpending(db, spendingPeriods(now)) : { dayUsd: 0, monthUsd: 0 };
  const row = await db.selectFrom("sessions").select("costUsd").where("id", "=", session.sessionId).executeTakeFirst();
  return budgetsOf({ ...limits, sessionUsd }, { ...spent, sessionUsd: row?.costUsd ?? 0 }, now);
}

/** Lets sessions that wait for a budget look again: it may have been raised while the server was down. */
export const wakeBudgetWaits = (db: Kysely<DB>, workerId: string) =>
  db
    .updateTable("sessions")
    .set({ wakeAt: null })
    .where("workerId", "=", workerId)
    .where("wakeAt", "is not", null)
    .where(sql<boolean>`waiting_for ->> 'kind' = 'budget'`)
    .execute();
