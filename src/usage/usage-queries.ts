import { sql, type Kysely, type RawBuilder } from "kysely";
import type { UsageNumbers, UsageQuery, UsageRow } from "../contract/usage.ts";
import type { DB } from "../db/schema.ts";

interface Period {
  from: Date;
  to: Date;
  timeZone: string;
}

interface Grouping {
  key: RawBuilder<unknown>;
  title: RawBuilder<unknown>;
  order: RawBuilder<unknown>;
}

const noTitle = sql`null::text`;

function groupingOf(by: UsageQuery["by"], timeZone: string): Grouping {
  if (by === "day")
    return {
      key: sql`to_char(finished_at at time zone ${timeZone}, 'YYYY-MM-DD')`,
      title: noTitle,
      order: sql`key desc`,
    };
  const order = sql`cost_usd desc, key`;
  if (by === "model") return { key: sql`coalesce(model, 'unknown')`, title: noTitle, order };
  return { key: sql`session_id::text`, title: sql`(select title from sessions where id = key::uuid)`, order };
}

/** Finished runs of a period, counted by what was asked for; one row more than `limit` when there are more. */
export const findUsage = (db: Kysely<DB>, by: UsageQuery["by"], period: Period, limit: number): Promise<UsageRow[]> =>
  count(db, period, groupingOf(by, period.timeZone), limit);

export async function findUsageTotals(db: Kysely<DB>, period: Period): Promise<UsageNumbers> {
  const [totals] = await count(db, period, { key: sql`'all'::text`, title: noTitle, order: sql`key` }, 1);
  if (!totals) return nothing;
  const { key: _, title: __, ...numbers } = totals;
  return numbers;
}

const nothing: UsageNumbers = {
  runs: 0,
  succeeded: 0,
  failed: 0,
  cancelled: 0,
  costUsd: 0,
  tokens: { inputTokens: 0, outputTokens: 0, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 },
  durationMs: 0,
  apiDurationMs: 0,
  failures: {},
};

type Counted = Omit<UsageRow, "tokens"> & UsageNumbers["tokens"];

const tokens = (name: keyof UsageNumbers["tokens"]) => sql`coalesce(sum((usage ->> ${name})::bigint), 0)`;

/** One pass over the runs of the period, by the index of their end. */
async function count(db: Kysely<DB>, { from, to }: Period, { key, title, order }: Grouping, limit: number) {
  const { rows } = await sql<Counted>`
    with by_reason as (
      select ${key} as key, status, reason, count(*) as n, sum(cost_usd) as cost_usd,
        sum(duration_ms) as duration_ms, sum(api_duration_ms) as api_duration_ms,
        ${tokens("inputTokens")} as input_tokens, ${tokens("outputTokens")} as output_tokens,
        ${tokens("cacheReadInputTokens")} as cache_read, ${tokens("cacheCreationInputTokens")} as cache_creation
      from runs where finished_at >= ${from} and finished_at < ${to}
      group by 1, 2, 3
    ), grouped as (
      select key, sum(n) as runs,
        coalesce(sum(n) filter (where status = 'succeeded'), 0) as succeeded,
        coalesce(sum(n) filter (where status = 'failed'), 0) as failed,
        coalesce(sum(n) filter (where status = 'cancelled'), 0) as cancelled,
        coalesce(sum(cost_usd), 0) as cost_usd,
        sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
        sum(cache_read) as cache_read_input_tokens, sum(cache_creation) as cache_creation_input_tokens,
        coalesce(sum(duration_ms), 0) as duration_ms, coalesce(sum(api_duration_ms), 0) as api_duration_ms,
        coalesce(jsonb_object_agg(reason, n) filter (where status = 'failed'), '{}') as failures
      from by_reason group by key
    )
    select *, ${title} as title from grouped order by ${order} limit ${limit}`.execute(db);
  return rows.map(
    ({ inputTokens, outputTokens, cacheReadInputTokens, cacheCreationInputTokens, ...row }): UsageRow => ({
      ...row,
      tokens: { inputTokens, outputTokens, cacheReadInputTokens, cacheCreationInputTokens },
    }),
  );
}
