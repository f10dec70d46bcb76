import { sql, type Kysely } from "kysely";
import type { DB } from "../db/schema.ts";

/**
 * What was spent since the day and the month began: of finished runs by the time of their end, and all that runs have
 * cost so far which wait for another attempt.
 */
export async function findSpending(
  db: Kysely<DB>,
  { dayStart, monthStart }: { dayStart: Date; monthStart: Date },
): Promise<{ dayUsd: number; monthUsd: number }> {
  const { rows } = await sql<{ dayUsd: number; monthUsd: number; openUsd: number }>`
    select
      coalesce(sum(cost_usd) filter (where finished_at >= ${dayStart}), 0) as day_usd,
      coalesce(sum(cost_usd), 0) as month_usd,
      (select coalesce(sum(cost_usd), 0) from runs where finished_at is null) as open_usd
    from runs where finished_at >= ${monthStart}`.execute(db);
  const { dayUsd = 0, monthUsd = 0, openUsd = 0 } = rows[0] ?? {};
  return { dayUsd: dayUsd + openUsd, monthUsd: monthUsd + openUsd };
}
