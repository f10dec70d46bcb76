import { sql, type Kysely } from "kysely";
import type { DB } from "../db/schema.ts";
import { queueCallbacks, queueDeadline } from "../deliveries/callback-queries.ts";
import { CURSOR_INT, decodeCursor } from "../lib/cursor.ts";
import { appendEvents } from "../sessions/event-queries.ts";
import { moveSession } from "../sessions/session-queries.ts";
import { tellSubscribers } from "../subscriptions/tell-subscribers-queries.ts";

export type RunRow = NonNullable<Awaited<ReturnType<typeof findRun>>>;
export type AttemptRow = Awaited<ReturnType<typeof findAttempts>>[number];

export const findRun = (db: Kysely<DB>, id: string) =>
  db.selectFrom("runs").selectAll().where("id", "=", id).executeTakeFirst();

/** The attempts of runs, the first one first. */
export const findAttempts = (db: Kysely<DB>, runIds: readonly string[]) =>
  db
    .selectFrom("attempts")
    .select(["runId", "attempt", "workerId", "pid", "reason", "exitCode", "startedAt", "finishedAt"])
    .where("runId", "in", runIds.length === 0 ? [NO_RUN] : runIds)
    .orderBy("attempt")
    .execute();
const NO_RUN = "00000000-0000-0000-0000-000000000000";

/** A session's runs newest first; one more than `limit` when there are more. */
export function findRuns(db: Kysely<DB>, sessionId: string, page: { limit: number; cursor?: string | undefined }) {
  let query = db.selectFrom("runs").selectAll().where("sessionId", "=", sessionId);
  if (page.cursor) {
    const [number] = decodeCursor(page.cursor, [CURSOR_INT]);
    query = query.where("number", "<", Number(number));
  }
  return query
    .orderBy("number", "desc")
    .limit(page.limit + 1)
    .execute();
}

interface QueueingSession {
  id: string;
  status: string;
  runCount: number;
}

/**
 * Writes the run that will carry out a message. The caller holds the session's row lock, and nudges. A session stays
 * `created` until its first run begins; one at rest becomes `queued`.
 */
export async function queueRun(
  db: Kysely<DB>,
  session: QueueingSession,
  messageId: string,
): Promise<{ runId: string; waiting: number }> {
  const number = session.runCount + 1;
  const { id: runId } = await db
    .insertInto("runs")
    .values({ sessionId: session.id, messageId, number })
    .returning("id")
    .executeTakeFirstOrThrow();
  const { callbackUrl: url, callbackBy } = await db
    .updateTable("sessionMessages")
    .set({ runId, steer: null })
    .where("id", "=", messageId)
    .returning(["callbackUrl", "callbackBy"])
    .executeTakeFirstOrThrow();
  if (url !== null && callbackBy) await queueDeadline(db, { runId, sessionId: session.id, url }, callbackBy);
  await db.updateTable("sessions").set({ runCount: number }).where("id", "=", session.id).execute();
  await appendEvents(db, session.id, [
    { type: "run", key: `run:${runId}`, runId, data: { runId, number, status: "queued" } },
  ]);
  if (!["created", "running", "waiting", "queued"].includes(session.status))
    await moveSession(db, session.id, { status: "queued", archivedAt: null });
  const { waiting } = await db
    .selectFrom("runs")
    .select((eb) => eb.fn.countAll<number>().as("waiting"))
    .where("sessionId", "=", session.id)
    .where("finishedAt", "is", null)
    .executeTakeFirstOrThrow();
  return { runId, waiting };
}

export const findRunningRun = (db: Kysely<DB>, sessionId: string) =>
  db
    .selectFrom("runs")
    .select("id")
    .where("sessionId", "=", sessionId)
    .where("status", "=", "running")
    .executeTakeFirst();

/** What the actor needs of the oldest run that is not finished, with its open attempt if one was begun. */
export async function findDueRun(db: Kysely<DB>, sessionId: string) {
  const run = await db
    .selectFrom("runs")
    .innerJoin("sessionMessages as m", "m.id", "runs.messageId")
    .selectAll("runs")
    .innerJoin("sessions", "sessions.id", "runs.sessionId")
    .select(["m.content", "m.source as messageSource", "m.author", "m.restart", "m.jsonSchema", "m.position"])
    .select(["sessions.options", "sessions.wakeAt"])
    .where("runs.sessionId", "=", sessionId)
    .where("runs.finishedAt", "is", null)
    .orderBy("runs.number")
    .limit(1)
    .executeTakeFirst();
  if (!run) return undefined;
  const attempt = await db
    .selectFrom("attempts")
    .selectAll()
    .where("runId", "=", run.id)
    .where("finishedAt", "is", null)
    .executeTakeFirst();
  return { run, attempt };
}
export type DueRun = NonNullable<Awaited<ReturnType<typeof findDueRun>>>;

/** Whether a person asked to stop the run; read again each time the session's actor is woken. */
export const findStopRequest = (db: Kysely<DB>, runId: string) =>
  db.selectFrom("runs").select(["stopRequestedAt", "stopRequestedBy"]).where("id", "=", runId).executeTakeFirst();

/**
 * Milliseconds the runs of the session's present conversation have spent in the API so far; newer CLIs count on from
 * there.
 */
export async function sumApiMs(db: Kysely<DB>, sessionId: string): Promise<number> {
  // A conversation that began anew has the id of the run it began with.
  const { rows } = await sql<{ total: number }>`
    select coalesce(sum(r.api_duration_ms), 0) as total from runs r
    where r.session_id = ${sessionId} and r.number >= coalesce(
      (select first.number from runs first join sessions s on s.claude_session_id = first.id::text
        where s.id = ${sessionId} and first.session_id = s.id), 0)`.execute(db);
  return rows[0]?.total ?? 0;
}

/** The run and session a run's hook token belongs to, from its start until a minute after its end. */
export const findRunByToken = (db: Kysely<DB>, tokenHash: Buffer) =>
  db
    .selectFrom("runs")
    .select(["id as runId", "sessionId"])
    .where("tokenHash", "=", tokenHash)
    .where(sql<boolean>`(finished_at is null or finished_at > now() - interval '1 minute')`)
    .executeTakeFirst();

/**
 * Ends the session's runs that have not begun as cancelled, and marks the one that is on for its actor to stop. The
 * caller holds the session's row lock, and nudges.
 */
export async function requestStop(db: Kysely<DB>, sessionId: string, by: string | undefined) {
  const stopped = { stopRequestedAt: sql<Date>`now()`, stopRequestedBy: by ?? null };
  const waiting = await db
    .updateTable("runs")
    .set({ ...stopped, status: "cancelled", reason: "stopped", finishedAt: sql<Date>`now()`, waitingFor: null })
    .where("sessionId", "=", sessionId)
    .where("status", "in", ["queued", "waiting"])
    .returning(["id", "number"])
    .execute();
  const running = await db
    .updateTable("runs")
    .set(stopped)
    .where("sessionId", "=", sessionId)
    .where("status", "=", "running")
    .returning("id")
    .execute();
  const events = waiting.map(({ id: runId, number }) => ({
    type: "run" as const,
    key: `run:${runId}`,
    runId,
    data: { runId, number, status: "cancelled", reason: "stopped" },
  }));
  if (events.length > 0) await appendEvents(db, sessionId, events);
  for (const { id } of waiting) {
    await queueCallbacks(db, { id, sessionId });
    await tellSubscribers(db, { type: "run.finished", sessionId, runId: id });
  }
  return { waiting: waiting.map((run) => run.id), running: running.map((run) => run.id) };
}
