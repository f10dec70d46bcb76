import type { BudgetState, UsageQuery, UsageReport } from "../contract/usage.ts";
import type { Database } from "../db/database.ts";
import { startOfDay, startOfMonth, startOfNextDay, startOfNextMonth, timeZone } from "../lib/calendar.ts";
import { invalidField } from "../lib/errors.ts";
import { findSpending } from "./spending-queries.ts";
import { findUsage, findUsageTotals } from "./usage-queries.ts";

export type UsageService = ReturnType<typeof createUsageService>;

interface Parts {
  db: Database;
  limits: { dayUsd?: number | undefined; monthUsd?: number | undefined };
}

const DEFAULT_DAYS = 30;
const MAX_ROWS = 500;

/** A day counts from its first to its last moment on the server's clock. */
function momentOf(text: string, edge: "from" | "to"): Date {
  if (text.includes("T")) return new Date(text);
  const [year = 0, month = 1, day = 1] = text.split("-").map(Number);
  return new Date(year, month - 1, edge === "from" ? day : day + 1);
}

export function createUsageService({ db, limits }: Parts) {
  return {
    /** What finished runs of a period took. A run counts where it ended. */
    async report({ from, to, by }: UsageQuery): Promise<UsageReport> {
      const now = new Date();
      const end = to === undefined ? now : momentOf(to, "to");
      const daysAgo = new Date(end.getFullYear(), end.getMonth(), end.getDate() - DEFAULT_DAYS);
      const period = { from: from === undefined ? daysAgo : momentOf(from, "from"), to: end, timeZone: timeZone() };
      if (period.from >= period.to) throw invalidField("query.from", "must be before to");
      const rows = await findUsage(db, by, period, MAX_ROWS + 1);
      return {
        from: period.from.toISOString(),
        to: period.to.toISOString(),
        timeZone: period.timeZone,
        by,
        totals: await findUsageTotals(db, period),
        rows: rows.slice(0, MAX_ROWS),
        truncated: rows.length > MAX_ROWS,
        budgets: await this.budgets(now),
      };
    },

    /** What is spent of the day and the month `now` is in. */
    async budgets(now: Date): Promise<BudgetState[]> {
      const spent = await findSpending(db, { dayStart: startOfDay(now), monthStart: startOfMonth(now) });
      return [
        {
          of: "day",
          spentUsd: spent.dayUsd,
          limitUsd: limits.dayUsd ?? null,
          until: startOfNextDay(now).toISOString(),
        },
        {
          of: "month",
          spentUsd: spent.monthUsd,
          limitUsd: limits.monthUsd ?? null,
          until: startOfNextMonth(now).toISOString(),
        },
      ];
    },
  };
}
