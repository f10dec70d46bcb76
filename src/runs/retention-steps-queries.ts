import { sql, type Kysely, type RawBuilder } from "kysely";
import type { DB } from "../db/schema.ts";

/** What a step removed, or found. */
export interface Counted {
  count: number;
  bytes: number;
}

/** Removes old rows of one kind from the ledger. */
export interface LedgerStep {
  what: "events" | "logResults" | "transcripts" | "inbox" | "deliveries" | "snapshots" | "messageFiles";
  /** What is older than `before`; nothing is changed. */
  count(db: Kysely<DB>, before: Date): Promise<Counted>;
  /** Removes at most `limit` rows. */
  remove(db: Kysely<DB>, before: Date, limit: number): Promise<Counted>;
}

/** A session whose last event was before a time, and for which nothing runs or waits. */
const restingSince = (before: Date) =>
  sql`s.status in ('completed', 'failed', 'cancelled', 'archived') and s.updated_at < ${before}`;

/** `rows` selects what has to go, as `doomed` with a column `bytes`; `act` takes it away. */
function step(
  what: LedgerStep["what"],
  rows: (before: Date) => RawBuilder<unknown>,
  act: RawBuilder<unknown>,
): LedgerStep {
  const totals = sql`count(*) as count, coalesce(sum(bytes), 0) as bytes`;
  return {
    what,
    count: async (db, before) =>
      first(await sql<Counted>`select ${totals} from (${rows(before)}) as doomed`.execute(db)),
    remove: async (db, before, limit) =>
      first(
        await sql<Counted>`with doomed as materialized (${rows(before)} limit ${limit}), gone as (${act})
          select ${totals} from doomed`.execute(db),
      ),
  };
}

const first = ({ rows: [row] }: { rows: Counted[] }): Counted => row ?? { count: 0, bytes: 0 };

export const ledgerSteps: readonly LedgerStep[] = [
  step(
    "events",
    (before) => sql`select e.session_id, e.seq, pg_column_size(e.data) + 100 as bytes
      from sessions s join session_events e on e.session_id = s.id where ${restingSince(before)}`,
    sql`delete from session_events e using doomed where e.session_id = doomed.session_id and e.seq = doomed.seq`,
  ),
  step(
    "logResults",
    (before) => sql`select id, pg_column_size(result) as bytes from command_logs
      where "timestamp" < ${before} and result is not null`,
    sql`update command_logs l set result = null from doomed where l.id = doomed.id`,
  ),
  step(
    "transcripts",
    (before) => sql`select c.session_id, pg_column_size(c.transcript) as bytes
      from sessions s join conversation_copies c on c.session_id = s.id where ${restingSince(before)}`,
    sql`delete from conversation_copies c using doomed where c.session_id = doomed.session_id`,
  ),
  step(
    "inbox",
    (before) => sql`select door, external_id, pg_column_size(inbox) + coalesce(pg_column_size(content), 0) as bytes
      from inbox where received_at < ${before} and status in ('done', 'refused', 'failed')`,
    sql`delete from inbox i using doomed where i.door = doomed.door and i.external_id = doomed.external_id`,
  ),
  step(
    "deliveries",
    (before) => sql`select id, pg_column_size(deliveries) as bytes from deliveries
      where status in ('delivered', 'failed') and coalesce(delivered_at, given_up_at) < ${before}`,
    // One that somebody has asked for again in this moment is on its way again.
    sql`delete from deliveries d using doomed where d.id = doomed.id and d.status in ('delivered', 'failed')`,
  ),
  step(
    "snapshots",
    (before) => sql`select w.id, coalesce(pg_column_size(w.bundle), 0) + 200 as bytes
      from sessions s join workspace_snapshots w on w.session_id = s.id
      where ${restingSince(before)} and exists (
        select 1 from workspace_snapshots newer
        where newer.session_id = w.session_id and newer.created_at > w.created_at)`,
    sql`delete from workspace_snapshots w using doomed where w.id = doomed.id`,
  ),
  step(
    "messageFiles",
    (before) => sql`select f.id, pg_column_size(f.content) as bytes
      from sessions s join session_messages m on m.session_id = s.id join message_files f on f.message_id = m.id
      where ${restingSince(before)} and f.content is not null`,
    sql`update message_files f set content = null from doomed where f.id = doomed.id`,
  ),
];
