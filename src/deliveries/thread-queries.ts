import { sql, type Kysely } from "kysely";
import type { DB } from "../db/schema.ts";
import { queueDeliveries } from "./delivery-queries.ts";

/** Where a session is talked about outside. */
export interface ThreadRow {
  id: string;
  kind: string;
  sessionId: string;
  /** The Slack channel, or the address of the person. */
  place: string;
  muted: boolean;
  createdAt: Date;
}

/** All threads of a session, oldest first. */
export async function findThreads(db: Kysely<DB>, sessionId: string): Promise<ThreadRow[]> {
  const { rows } = await sql<ThreadRow>`
    select id, 'slack' as kind, session_id, channel as place, muted, created_at
      from slack_thread_mapping where session_id = ${sessionId}
    union all
    select id, 'email', session_id, participant, muted, created_at
      from email_threads where session_id = ${sessionId}
    order by created_at, id`.execute(db);
  return rows;
}

/** The threads of a session that hear its answers: not muted, and of a channel that is connected. */
export async function findOpenThreads(db: Kysely<DB>, sessionId: string): Promise<ThreadRow[]> {
  const connected = await db.selectFrom("connectedChannels").select("kind").execute();
  const kinds = new Set(connected.map(({ kind }) => kind));
  return (await findThreads(db, sessionId)).filter(({ kind, muted }) => !muted && kinds.has(kind));
}

/** Undefined when the session has no such thread. */
export async function muteThread(
  db: Kysely<DB>,
  { sessionId, threadId, muted }: { sessionId: string; threadId: string; muted: boolean },
): Promise<ThreadRow | undefined> {
  for (const table of ["slackThreadMapping", "emailThreads"] as const)
    await db.updateTable(table).set({ muted }).where("id", "=", threadId).where("sessionId", "=", sessionId).execute();
  return (await findThreads(db, sessionId)).find(({ id }) => id === threadId);
}

/** What is told in a session's threads. */
interface Told {
  sessionId: string;
  runId: string | null;
  messageId: string;
  topic: "run.finished" | "message.posted";
}

/**
 * Queues a message for every thread of its session that is not muted and whose channel is connected. Returns how many
 * there are. The caller holds the session's row lock.
 */
export async function queueToThreads(tx: Kysely<DB>, told: Told): Promise<number> {
  const open = await findOpenThreads(tx, told.sessionId);
  await queueDeliveries(
    tx,
    open.map(({ kind, id }) => ({
      ...told,
      key: `message:${told.messageId}:${id}`,
      kind,
      address: id,
      threadKey: `${kind}:${id}`,
    })),
  );
  return open.length;
}

/** Says which channels this installation is configured for; deliveries are queued for these only. */
export async function setConnectedChannels(db: Kysely<DB>, kinds: readonly string[]): Promise<void> {
  await sql`delete from connected_channels where not kind = any(${kinds})`.execute(db);
  for (const kind of kinds)
    await db
      .insertInto("connectedChannels")
      .values({ kind })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
}
