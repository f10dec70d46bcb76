import { sql, type Kysely } from "kysely";
import type { EventType, SessionEvent } from "../contract/event.ts";
import type { DB } from "../db/schema.ts";

/** NOTIFY channel of the feed; the payload is the id of a session that has something new. */
export const SESSION_EVENTS = "session_events";

export interface NewEvent {
  type: EventType;
  /** Events with a key replace the earlier one of the same session and key, under a new seq. */
  key?: string;
  runId?: string | undefined;
  /** When it happened, where that is known better than by the time of writing. */
  at?: Date | undefined;
  data: object;
}

/** Two rows of one statement must not meet in `on conflict`: of several with one key the last one counts. */
function lastOfEachKey(events: readonly NewEvent[]): NewEvent[] {
  const newest = new Map(events.map((event, index) => [event.key ?? index, event]));
  return events.filter((event, index) => newest.get(event.key ?? index) === event);
}

/**
 * Adds to a session's feed and wakes whoever follows it. The seq comes from the session's row in the statement that
 * writes the events, so that a lower seq is always committed before a higher one. Returns the newest seq.
 */
export async function appendEvents(db: Kysely<DB>, sessionId: string, events: readonly NewEvent[]): Promise<number> {
  const rows = lastOfEachKey(events);
  const { rows: result } = await sql<{ lastSeq: number }>`
    with bumped as (
      update sessions set last_seq = last_seq + ${rows.length}, updated_at = clock_timestamp()
      where id = ${sessionId} returning id, last_seq
    ), added as (
      insert into session_events (session_id, seq, type, key, run_id, data, created_at)
      select bumped.id, bumped.last_seq - ${rows.length} + e.n, e.type, e.key, e.run_id, e.data,
        coalesce(e.at, clock_timestamp())
      from bumped, rows from (json_to_recordset(${JSON.stringify(rows)}::json)
        as (type text, key text, "runId" uuid, at timestamptz, data jsonb))
        with ordinality as e (type, key, run_id, at, data, n)
      on conflict (session_id, key) where key is not null do update
        set seq = excluded.seq, type = excluded.type, run_id = excluded.run_id, data = excluded.data, tx = excluded.tx
    )
    select last_seq, pg_notify(${SESSION_EVENTS}, id::text) from bumped`.execute(db);
  return result[0]?.lastSeq ?? 0;
}

interface EventRow {
  sessionId: string;
  seq: number;
  type: string;
  key: string | null;
  runId: string | null;
  data: unknown;
  createdAt: Date;
}

const columns = ["sessionId", "seq", "type", "key", "runId", "data", "createdAt"] as const;

export const presentEvent = ({ createdAt, ...row }: EventRow): SessionEvent =>
  ({ ...row, timestamp: createdAt.toISOString() }) as SessionEvent;

/** A session's events with a seq above `after`, oldest first. */
export async function findEvents(
  db: Kysely<DB>,
  sessionId: string,
  { after, limit }: { after: number; limit: number },
) {
  const rows = await db
    .selectFrom("sessionEvents")
    .select(columns)
    .where("sessionId", "=", sessionId)
    .where("seq", ">", after)
    .orderBy("seq")
    .limit(limit)
    .execute();
  return rows.map(presentEvent);
}

/** The oldest transaction that may still write; what older ones wrote is there, and nothing of theirs will follow. */
export async function findHorizon(db: Kysely<DB>): Promise<string> {
  const { rows } = await sql<{
    horizon: string;
  }>`select pg_snapshot_xmin(pg_current_snapshot())::text as horizon`.execute(db);
  return rows[0]?.horizon ?? "0";
}

/** A place in the feed of all sessions: all from transaction `horizon` on; in the middle of a pass also what was had. */
export interface FeedPlace {
  horizon: string;
  /** The pass goes on behind this event, and is followed by one from `next`. */
  pass?: { next: string; tx: string; sessionId: string; seq: number };
}

/**
 * All sessions' events from a place on, and the place to go on from. What the writers of a pass had not yet committed
 * when it began lies behind the next place: that begins with the oldest of them, so some events come twice, and none
 * is left out. Within a page the order in a session is that of seq.
 */
export async function findEventsFrom(db: Kysely<DB>, { horizon, pass }: FeedPlace, limit: number) {
  const behind = pass
    ? sql`and (tx, session_id, seq) > (${pass.tx}::xid8, ${pass.sessionId}::uuid, ${pass.seq}::bigint)`
    : sql``;
  const { rows } = await sql<EventRow & { tx: string; horizon: string }>`
    select e.session_id, e.seq, e.type, e.key, e.run_id, e.data, e.created_at, e.tx::text, h.horizon
    from (select pg_snapshot_xmin(pg_current_snapshot())::text as horizon) h
    left join lateral (
      select * from session_events where tx >= ${horizon}::xid8 ${behind} order by tx, session_id, seq limit ${limit}
    ) e on true`.execute(db);
  const found = rows.filter((row) => row.sessionId !== null);
  const last = found.at(-1);
  const next = pass?.next ?? rows[0]?.horizon ?? horizon;
  const events = found.map(({ horizon: _, tx: __, ...row }) => presentEvent(row));
  events.sort((a, b) => (a.sessionId === b.sessionId ? a.seq - b.seq : a.sessionId < b.sessionId ? -1 : 1));
  const complete = found.length < limit || !last;
  const place: FeedPlace = complete
    ? { horizon: next }
    : { horizon, pass: { next, tx: last.tx, sessionId: last.sessionId, seq: last.seq } };
  return { events, place, next, complete };
}
