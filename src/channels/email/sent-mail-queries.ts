import type { Kysely } from "kysely";
import type { DB } from "../../db/schema.ts";

/** A thread as its answers need it; undefined when its session is gone. */
export const findMailThread = (db: Kysely<DB>, threadId: string) =>
  db
    .selectFrom("emailThreads as t")
    .innerJoin("sessions", "sessions.id", "t.sessionId")
    .select(["t.id", "t.sessionId", "t.participant", "t.subject", "t.muted", "sessions.title"])
    .where("t.id", "=", threadId)
    .executeTakeFirst();

export type MailThread = NonNullable<Awaited<ReturnType<typeof findMailThread>>>;

/**
 * The mail that an answer in this thread refers to: the one that became the message `askedId`, else the last one of the
 * thread. `isAsked`: it is that one, so its writer knows what was asked.
 */
export async function findMailToAnswer(
  db: Kysely<DB>,
  { threadId, askedId }: { threadId: string; askedId: string | null },
) {
  const mails = db
    .selectFrom("emailMessages")
    .select(["messageId", "referenceIds", "subject"])
    .where("threadId", "=", threadId);
  const asked =
    askedId === null
      ? undefined
      : await mails.where("ledgerId", "=", askedId).where("direction", "=", "inbound").executeTakeFirst();
  const last = asked ?? (await mails.orderBy("position", "desc").limit(1).executeTakeFirst());
  return { mail: last, isAsked: asked !== undefined };
}

/** The message that a run carried out; undefined when it has none. */
export const findAsked = (db: Kysely<DB>, runId: string) =>
  db
    .selectFrom("runs")
    .innerJoin("sessionMessages as asked", "asked.id", "runs.messageId")
    .select(["asked.id", "asked.source", "asked.author", "asked.content"])
    .where("runs.id", "=", runId)
    .executeTakeFirst();

export type Asked = NonNullable<Awaited<ReturnType<typeof findAsked>>>;

/** Whether this mail was handed over already, as far as we know. */
export async function wasSent(db: Kysely<DB>, messageId: string): Promise<boolean> {
  const row = await db.selectFrom("emailMessages").select("id").where("messageId", "=", messageId).executeTakeFirst();
  return row !== undefined;
}
