import { randomBytes } from "node:crypto";
import type { Kysely } from "kysely";
import type { DB } from "../../db/schema.ts";

/** The key of the reply addresses; made by the first process that asks. */
export async function readReplySecret(db: Kysely<DB>): Promise<Buffer> {
  await db
    .insertInto("emailSecret")
    .values({ secret: randomBytes(32) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const { secret } = await db.selectFrom("emailSecret").select("secret").executeTakeFirstOrThrow();
  return secret;
}

/** The session whose id begins with these 16 hex digits; undefined also when two do. */
export async function findSessionByPrefix(db: Kysely<DB>, prefix: string): Promise<string | undefined> {
  const uuid = (fill: string) => {
    const hex = prefix.padEnd(32, fill);
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  };
  const found = await db
    .selectFrom("sessions")
    .select("id")
    .where("id", ">=", uuid("0"))
    .where("id", "<=", uuid("f"))
    .limit(2)
    .execute();
  return found.length === 1 ? found[0]?.id : undefined;
}

/** The session that one of these mails belongs to; the first in this order that is known counts. */
export async function findSessionOfMails(db: Kysely<DB>, messageIds: readonly string[]): Promise<string | undefined> {
  if (messageIds.length === 0) return undefined;
  const found = await db
    .selectFrom("emailMessages")
    .innerJoin("emailThreads", "emailThreads.id", "emailMessages.threadId")
    .select(["emailMessages.messageId", "emailThreads.sessionId"])
    .where("emailMessages.messageId", "in", messageIds)
    .execute();
  const sessions = new Map(found.map(({ messageId, sessionId }) => [messageId, sessionId]));
  const known = messageIds.find((id) => sessions.has(id));
  return known === undefined ? undefined : sessions.get(known);
}

/** The thread of a person with a session; made when there is none. */
export async function openThread(
  db: Kysely<DB>,
  thread: { sessionId: string; participant: string; subject: string },
): Promise<string> {
  const made = await db
    .insertInto("emailThreads")
    .values(thread)
    .onConflict((conflict) => conflict.columns(["sessionId", "participant"]).doNothing())
    .returning("id")
    .executeTakeFirst();
  if (made) return made.id;
  const { id } = await db
    .selectFrom("emailThreads")
    .select("id")
    .where("sessionId", "=", thread.sessionId)
    .where("participant", "=", thread.participant)
    .executeTakeFirstOrThrow();
  return id;
}

export const findThreads = (db: Kysely<DB>, sessionId: string) =>
  db.selectFrom("emailThreads").select(["id", "participant"]).where("sessionId", "=", sessionId).execute();

export interface NewEmailMessage {
  threadId: string;
  direction: "inbound" | "outbound";
  messageId: string;
  referenceIds: string[];
  subject: string;
  ledgerId: string | null;
  fullText?: string | null;
}

/** Keeps a mail of a thread; one that is known already stays as it was. */
export async function insertEmailMessage(db: Kysely<DB>, message: NewEmailMessage): Promise<void> {
  await db
    .insertInto("emailMessages")
    .values(message)
    .onConflict((conflict) => conflict.column("messageId").doNothing())
    .execute();
}

export const findEmailMessage = (db: Kysely<DB>, messageId: string) =>
  db.selectFrom("emailMessages").selectAll().where("messageId", "=", messageId).executeTakeFirst();

/** How many mails of a thread went in this direction lately. */
export async function countRecentMails(
  db: Kysely<DB>,
  of: { threadId: string; direction: "inbound" | "outbound"; minutes: number },
): Promise<number> {
  const { count } = await db
    .selectFrom("emailMessages")
    .select((select) => select.fn.countAll<number>().as("count"))
    .where("threadId", "=", of.threadId)
    .where("direction", "=", of.direction)
    .where("createdAt", ">", new Date(Date.now() - of.minutes * 60_000))
    .executeTakeFirstOrThrow();
  return count;
}

/** Says which message of the session a mail became. */
export async function setLedgerMessage(db: Kysely<DB>, messageId: string, ledgerId: string): Promise<void> {
  await db.updateTable("emailMessages").set({ ledgerId }).where("messageId", "=", messageId).execute();
}

/** Mails that a person wrote to us within an hour: in all, and in one session; without the one that asks. */
export async function countMailsOf(
  db: Kysely<DB>,
  { participant, sessionId, except }: { participant: string; sessionId: string | undefined; except: string },
): Promise<{ all: number; inSession: number }> {
  const rows = await db
    .selectFrom("emailMessages")
    .innerJoin("emailThreads", "emailThreads.id", "emailMessages.threadId")
    .select((select) => ["emailThreads.sessionId", select.fn.countAll<number>().as("count")])
    .where("emailThreads.participant", "=", participant)
    .where("emailMessages.direction", "=", "inbound")
    .where("emailMessages.messageId", "!=", except)
    .where("emailMessages.createdAt", ">", new Date(Date.now() - 3_600_000))
    .groupBy("emailThreads.sessionId")
    .execute();
  return {
    all: rows.reduce((sum, { count }) => sum + count, 0),
    inSession: rows.find((row) => row.sessionId === sessionId)?.count ?? 0,
  };
}
