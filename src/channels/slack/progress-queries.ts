import { sql, type Kysely } from "kysely";
import type { DB } from "../../db/schema.ts";
import type { Verbosity } from "./parse-command.ts";

/** The one message of a run in a thread. */
export interface ProgressKey {
  runId: string;
  threadId: string;
}

export interface ProgressRow {
  status: "opening" | "live" | "finishing" | "finished";
  mode: "stream" | "edit";
  ts: string | null;
  shown: string;
  openedAt: Date | null;
  /** A call that changes the message is on its way, as far as is known. */
  busy: boolean;
  /** Such a call was begun and nobody told how it ended: what the message shows is not known. */
  unsettled: boolean;
}

/** No call that changes a message takes longer; who is to finish it waits so long for one at most. */
export const BUSY_MS = 15_000;

const ROW = sql`status, mode, ts, shown, opened_at, coalesce(busy_until > now(), false) as busy, busy_until is not null as unsettled`;
const BUSY = sql<Date>`now() + ${BUSY_MS} * interval '1 millisecond'`;
const ofKey = ({ runId, threadId }: ProgressKey) => sql`run_id = ${runId} and thread_id = ${threadId}`;

/** True for the one who may post the message: the row is there before the message is. */
export async function beginProgress(db: Kysely<DB>, key: ProgressKey, mode: ProgressRow["mode"]): Promise<boolean> {
  const begun = await db
    .insertInto("slackProgress")
    .values({ ...key, mode, openedAt: sql<Date>`now()`, busyUntil: BUSY })
    .onConflict((conflict) => conflict.doNothing())
    .returning("runId")
    .executeTakeFirst();
  return begun !== undefined;
}

export async function findProgress(db: Kysely<DB>, key: ProgressKey): Promise<ProgressRow | undefined> {
  const { rows } = await sql<ProgressRow>`select ${ROW} from slack_progress where ${ofKey(key)}`.execute(db);
  return rows[0];
}

/** Takes the message for one call that changes it; false once its end is being written, and nothing may change it then. */
export async function takeProgress(db: Kysely<DB>, key: ProgressKey): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update slack_progress set busy_until = ${BUSY}
    where ${ofKey(key)} and status in ('opening', 'live')`.execute(db);
  return Number(numAffectedRows) > 0;
}

export interface Settled {
  ts?: string;
  mode?: ProgressRow["mode"];
  shown?: string;
}

/** The call is over; what is known of the message now. */
export async function settleProgress(db: Kysely<DB>, key: ProgressKey, { ts, mode, shown }: Settled): Promise<void> {
  await sql`
    update slack_progress set busy_until = null, ts = coalesce(${ts ?? null}, ts), mode = coalesce(${mode ?? null}, mode),
      shown = coalesce(${shown ?? null}, shown),
      status = case when status = 'opening' and coalesce(${ts ?? null}, ts) is not null then 'live' else status end
    where ${ofKey(key)}`.execute(db);
}

/** The message was not posted, for sure. */
export const dropProgress = (db: Kysely<DB>, key: ProgressKey) =>
  sql`delete from slack_progress where ${ofKey(key)} and ts is null and status = 'opening'`.execute(db);

/** From now on only the one who finishes it changes the message; where there is none, none is opened any more. */
export async function beginFinish(db: Kysely<DB>, key: ProgressKey): Promise<ProgressRow> {
  const { rows } = await sql<ProgressRow>`
    insert into slack_progress (run_id, thread_id, status) values (${key.runId}, ${key.threadId}, 'finishing')
    on conflict (run_id, thread_id) do update
      set status = case when slack_progress.status = 'finished' then 'finished' else 'finishing' end
    returning ${ROW}`.execute(db);
  const [row] = rows;
  if (!row) throw new Error("an upsert returned no row");
  return row;
}

export const endProgress = (db: Kysely<DB>, key: ProgressKey, ts: string | null) =>
  sql`update slack_progress set status = 'finished', ts = ${ts}, shown = '', busy_until = null
    where ${ofKey(key)}`.execute(db);

export interface LiveThread extends ProgressKey {
  sessionId: string;
  verbosity: Verbosity;
}

/** Where progress is to be shown: the oldest unfinished run of each session, in its threads that want to see it. */
export async function findLiveThreads(db: Kysely<DB>, limit: number): Promise<LiveThread[]> {
  const { rows } = await sql<LiveThread>`
    select r.id as run_id, t.id as thread_id, r.session_id, coalesce(c.verbosity, 'minimal') as verbosity
    from (select distinct on (session_id) id, session_id from runs where finished_at is null
      order by session_id, number) r
    join slack_thread_mapping t on t.session_id = r.session_id and not t.muted
    left join slack_channels c on c.team = t.team and c.channel = t.channel
    where coalesce(c.verbosity, 'minimal') <> 'result'
    order by r.id, t.id limit ${limit}`.execute(db);
  return rows;
}

/** Messages that still show progress although their run is over and no answer is on its way to them. */
export async function findLeftProgress(db: Kysely<DB>, limit: number): Promise<ProgressKey[]> {
  const { rows } = await sql<ProgressKey>`
    select p.run_id, p.thread_id from slack_progress p join runs r on r.id = p.run_id
    where p.status <> 'finished' and r.finished_at < now() - interval '30 seconds'
      and not exists (select 1 from deliveries d where d.run_id = p.run_id and d.address = p.thread_id::text
        and d.status in ('pending', 'sending'))
    limit ${limit}`.execute(db);
  return rows;
}

export interface RunNow {
  status: string;
  /** What its session waits for, as the contract's WaitingFor. */
  waitingFor: unknown;
  /** Milliseconds since it was queued. */
  ageMs: number;
  /** Who asked in Slack, to whom a stream is shown. */
  askedBy: string | null;
}

/** How a run stands; undefined when there is none. */
export async function findRunNow(db: Kysely<DB>, runId: string): Promise<RunNow | undefined> {
  const { rows } = await sql<RunNow>`
    select r.status, coalesce(r.waiting_for, s.waiting_for) as waiting_for,
      (extract(epoch from now() - r.queued_at) * 1000)::int as age_ms,
      (select p.user_id from slack_posts p where p.message_id = r.message_id limit 1) as asked_by
    from runs r join sessions s on s.id = r.session_id where r.id = ${runId}`.execute(db);
  return rows[0];
}

export interface RunEvent {
  seq: number;
  type: "text" | "tool";
  key: string | null;
  data: unknown;
  createdAt: Date;
}

/** Texts and tool calls of a run behind a seq of its session. */
export const findRunEvents = (
  db: Kysely<DB>,
  { sessionId, runId, after }: { sessionId: string; runId: string; after: number },
): Promise<RunEvent[]> =>
  db
    .selectFrom("sessionEvents")
    .select(["seq", "type", "key", "data", "createdAt"])
    .where("sessionId", "=", sessionId)
    .where("seq", ">", after)
    .where("runId", "=", runId)
    .where("type", "in", ["text", "tool"])
    .orderBy("seq")
    .limit(500)
    .execute() as Promise<RunEvent[]>;

/** What people chose to see in a channel. */
export async function findVerbosity(db: Kysely<DB>, team: string, channel: string): Promise<Verbosity> {
  const row = await db
    .selectFrom("slackChannels")
    .select("verbosity")
    .where("team", "=", team)
    .where("channel", "=", channel)
    .executeTakeFirst();
  return (row?.verbosity ?? "minimal") as Verbosity;
}
