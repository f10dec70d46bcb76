import { sql, type Insertable, type Kysely, type Updateable } from "kysely";
import type { SessionFilter, SessionStatus, WaitingFor } from "../contract/session.ts";
import type { DB, Sessions } from "../db/schema.ts";
import { CURSOR_TIME, CURSOR_UUID, decodeCursor } from "../lib/cursor.ts";
import { AppError } from "../lib/errors.ts";
import { tellSubscribers } from "../subscriptions/tell-subscribers-queries.ts";
import { appendEvents } from "./event-queries.ts";

export type SessionRow = NonNullable<Awaited<ReturnType<typeof findSession>>>;

const selectSessions = (db: Kysely<DB>) =>
  db
    .selectFrom("sessions")
    .leftJoin("workspaces", "workspaces.sessionId", "sessions.id")
    .selectAll("sessions")
    .select(["workspaces.path as workspacePath", "workspaces.branch as workBranch"]);

export const findSession = (db: Kysely<DB>, id: string) =>
  selectSessions(db).where("sessions.id", "=", id).executeTakeFirst();

/**
 * The session's row, locked until the transaction ends. Whoever changes what there is to run takes this lock first:
 * that is what makes a nudge that is refused as a double never a lost one.
 */
export const lockSession = (db: Kysely<DB>, id: string) =>
  db.selectFrom("sessions").selectAll().where("id", "=", id).forUpdate().executeTakeFirst();

/** Writes a session, and tells those who have subscribed to that. */
export async function insertSession(tx: Kysely<DB>, row: Insertable<Sessions>) {
  const session = await tx.insertInto("sessions").values(row).returningAll().executeTakeFirstOrThrow();
  await tellSubscribers(tx, { type: "session.created", sessionId: session.id });
  return session;
}

export const updateSession = (db: Kysely<DB>, id: string, change: Updateable<Sessions>) =>
  db.updateTable("sessions").set(change).where("id", "=", id).execute();

/** Moves a session and says so in its feed, and to those who have subscribed to it. The caller holds the row's lock. */
export async function moveSession(
  db: Kysely<DB>,
  id: string,
  {
    status,
    waitingFor = null,
    ...change
  }: { status: SessionStatus; waitingFor?: WaitingFor | null } & Updateable<Sessions>,
): Promise<void> {
  await updateSession(db, id, { ...change, status, waitingFor: waitingFor && JSON.stringify(waitingFor) });
  await appendEvents(db, id, [{ type: "session.status", data: { status, waitingFor } }]);
  if (status === "archived") await tellSubscribers(db, { type: "session.archived", sessionId: id });
  else if (waitingFor && !PASSING.has(waitingFor.kind))
    await tellSubscribers(db, { type: "session.waiting", sessionId: id });
}

/** Waits for other runs only: they pass by themselves, and nobody is told. */
const PASSING: ReadonlySet<WaitingFor["kind"]> = new Set(["slot", "workspace", "desired"]);

/** Words as a prefix query that cannot be malformed; undefined when the text holds no word. */
export function toTsQuery(text: string): string | undefined {
  const words = text
    .toLowerCase()
    .match(/[\p{L}\p{N}]+/gu)
    ?.slice(0, 10);
  return words?.map((word) => `${word}:*`).join(" & ");
}

function matches(text: string) {
  const query = toTsQuery(text);
  if (query === undefined) return sql<boolean>`false`;
  const tsquery = sql`to_tsquery('simple', ${query})`;
  return sql<boolean>`(
    search_words(sessions.title) @@ ${tsquery}
    or sessions.id in (select session_id from session_messages where search_words(left(content, 20000)) @@ ${tsquery})
    or sessions.id in (select session_id from command_logs where search_words(left(input::text, 1000)) @@ ${tsquery}))`;
}

function inThread(thread: string) {
  const [ts = "", channel] = thread.split(":").toReversed();
  return sql<boolean>`sessions.id in (
    select session_id from slack_thread_mapping
    where thread_ts = ${ts} and (${channel ?? null}::text is null or channel = ${channel ?? null}))`;
}

/**
 * Sessions newest first; one more than `limit` when there are more. For words that stand nearly everywhere the planner
 * would read all tool calls and take each apart again, at ten times the price of the index that holds the words.
 */
export function findSessions(
  db: Kysely<DB>,
  filter: SessionFilter,
  page: { limit: number; cursor?: string | undefined },
) {
  if (filter.q === undefined) return selectPage(db, filter, page);
  return db.transaction().execute(async (tx) => {
    await sql`set local enable_seqscan = off`.execute(tx);
    return selectPage(tx, filter, page);
  });
}

function selectPage(db: Kysely<DB>, filter: SessionFilter, page: { limit: number; cursor?: string | undefined }) {
  let query = selectSessions(db);
  if (filter.status) query = query.where("status", "in", filter.status);
  if (filter.projectType) query = query.where("projectType", "=", filter.projectType);
  if (filter.source) query = query.where("source", "=", filter.source);
  if (filter.tag) query = query.where(sql<boolean>`sessions.tags @> array[${filter.tag}]`);
  if (filter.thread) query = query.where(inThread(filter.thread));
  if (filter.q) query = query.where(matches(filter.q));
  if (page.cursor) {
    const [createdAt, id] = decodeCursor(page.cursor, [CURSOR_TIME, CURSOR_UUID]);
    query = query.where(sql<boolean>`(sessions.created_at, sessions.id) < (${createdAt}::timestamptz, ${id}::uuid)`);
  }
  return query
    .orderBy("sessions.createdAt", "desc")
    .orderBy("sessions.id", "desc")
    .limit(page.limit + 1)
    .execute();
}

/**
 * Binds a thread, again and again if need be. Undefined when another session has it that is not archived, and it is not
 * to be moved.
 */
export const upsertThread = (
  db: Kysely<DB>,
  thread: { team: string; channel: string; threadTs: string; sessionId: string },
  { move }: { move: boolean },
) =>
  db
    .insertInto("slackThreadMapping")
    .values(thread)
    .onConflict((conflict) =>
      conflict
        .columns(["team", "channel", "threadTs"])
        .doUpdateSet({ sessionId: thread.sessionId })
        .where(
          sql<boolean>`(${move} or slack_thread_mapping.session_id = ${thread.sessionId} or exists (
            select from sessions s where s.id = slack_thread_mapping.session_id and s.status = 'archived'))`,
        ),
    )
    .returningAll()
    .executeTakeFirst();

/**
 * A thread that is opened by the first thing said in it. Without a Slack connection of our own (a workflow of somebody
 * else's may keep the threads) there is none.
 */
export async function announceThread(tx: Kysely<DB>, sessionId: string, channel: string): Promise<void> {
  const connected = await tx
    .selectFrom("connectedChannels")
    .select("kind")
    .where("kind", "=", "slack")
    .executeTakeFirst();
  if (connected) await tx.insertInto("slackThreadMapping").values({ channel, sessionId }).execute();
}

/**
 * Gives a session its Claude id. When an observed session holds that id already (hooks came before the id was told),
 * what it heard moves over and it goes; a session of ours, or one that has runs of ours by now, keeps its id.
 */
export async function adoptClaudeSession(
  db: Kysely<DB>,
  session: { id: string },
  claudeSessionId: string,
): Promise<void> {
  const holder = await db
    .selectFrom("sessions")
    .select(["id", "observed", "runCount"])
    .where("claudeSessionId", "=", claudeSessionId)
    .where("id", "!=", session.id)
    .forUpdate()
    .executeTakeFirst();
  if (holder && (!holder.observed || holder.runCount > 0))
    throw new AppError("conflict", `Claude session ${claudeSessionId} belongs to session ${holder.id}`);
  if (holder) {
    await db.updateTable("sessionMessages").set({ sessionId: session.id }).where("sessionId", "=", holder.id).execute();
    await sql`update command_logs set session_id = ${session.id} where session_id = ${holder.id} and not exists (
      select 1 from command_logs mine where mine.session_id = ${session.id} and mine.tool_use_id = command_logs.tool_use_id
    )`.execute(db);
    await db.deleteFrom("sessions").where("id", "=", holder.id).execute();
  }
  await updateSession(db, session.id, { claudeSessionId });
}
