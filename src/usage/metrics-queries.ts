import { sql, type Kysely } from "kysely";
import type { DB } from "../db/schema.ts";

export interface LedgerGauges {
  /** Unfinished runs by status. */
  open: Record<string, number>;
  /** Unfinished runs by what they wait for. */
  waiting: Record<string, number>;
  /** Finished runs by reason, since the ledger began. */
  finished: Record<string, number>;
  busy: number;
  oldestWaitSeconds: number;
  /** All that are kept, by channel and status. Kinds are ours, so there are few. */
  deliveries: readonly { kind: string; status: string; count: number }[];
  /** What was taken in, by status. */
  inbox: Record<string, number>;
}

const sumsOf = (column: "status" | "reason" | "kind") => sql`coalesce(jsonb_object_agg(${sql.ref(column)}, n), '{}')`;

/** What the ledger knows that is worth a curve; each count comes from an index. */
export async function findLedgerGauges(db: Kysely<DB>, workerId: string): Promise<LedgerGauges> {
  const { rows } = await sql<LedgerGauges>`
    with open_runs as materialized (
      select r.status, r.waiting_for ->> 'kind' as kind, r.queued_at, s.worker_id
      from runs r join sessions s on s.id = r.session_id where r.finished_at is null
    )
    select
      (select ${sumsOf("status")} from (select status, count(*) as n from open_runs group by 1) g) as open,
      (select ${sumsOf("kind")} from (select kind, count(*) as n from open_runs where kind is not null group by 1) g) as waiting,
      (select ${sumsOf("reason")} from (
        select reason, count(*) as n from runs where finished_at is not null group by 1) g) as finished,
      (select count(*) from open_runs where status = 'running' and worker_id = ${workerId}) as busy,
      (select coalesce(extract(epoch from now() - min(queued_at)), 0) from open_runs where status = 'queued') as oldest_wait_seconds,
      (select coalesce(jsonb_agg(to_jsonb(g)), '[]') from (
        select kind, status, count(*) as count from deliveries group by 1, 2) g) as deliveries,
      (select ${sumsOf("status")} from (select status, count(*) as n from inbox group by 1) g) as inbox`.execute(db);
  const row = rows[0];
  if (!row) throw new Error("the query of the gauges returned no row");
  return row;
}
