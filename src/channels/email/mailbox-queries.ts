import { sql, type Kysely } from "kysely";
import type { DB } from "../../db/schema.ts";

/** A mailbox at one time of its life: uids of another one mean other mails. */
export interface MailboxState {
  mailbox: string;
  uidValidity: number;
}

export const isMailboxKnown = async (db: Kysely<DB>, mailbox: string): Promise<boolean> =>
  (await db.selectFrom("emailMailboxes").select("mailbox").where("mailbox", "=", mailbox).executeTakeFirst()) !==
  undefined;

export async function rememberMailbox(db: Kysely<DB>, mailbox: string): Promise<void> {
  await db
    .insertInto("emailMailboxes")
    .values({ mailbox })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Which of these are in the inbox already. */
export async function findSeen(db: Kysely<DB>, { mailbox, uidValidity }: MailboxState): Promise<Set<number>> {
  const rows = await db
    .selectFrom("emailSeen")
    .select("uid")
    .where("mailbox", "=", mailbox)
    .where("uidValidity", "=", uidValidity)
    .execute();
  return new Set(rows.map(({ uid }) => uid));
}

/** After the mail was committed to the inbox: should we die between the two, it is found to be known there. */
export async function markSeen(
  db: Kysely<DB>,
  { mailbox, uidValidity }: MailboxState,
  { uid, externalId }: { uid: number; externalId: string },
): Promise<void> {
  await db
    .insertInto("emailSeen")
    .values({ mailbox, uidValidity, uid, externalId })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Mails whose handling is over: taken, or refused. One that the inbox has forgotten was over long ago. */
export async function findSettled(
  db: Kysely<DB>,
  { mailbox, uidValidity }: MailboxState,
): Promise<{ uid: number; taken: boolean }[]> {
  const rows = await db
    .selectFrom("emailSeen")
    .leftJoin("inbox", (join) =>
      join.onRef("inbox.externalId", "=", "emailSeen.externalId").on("inbox.door", "=", "email"),
    )
    .select(["emailSeen.uid", "inbox.status"])
    .where("emailSeen.mailbox", "=", mailbox)
    .where("emailSeen.uidValidity", "=", uidValidity)
    .where((where) =>
      where.or([where("inbox.status", "is", null), where("inbox.status", "in", ["done", "refused", "failed"])]),
    )
    .execute();
  return rows.map(({ uid, status }) => ({ uid: uid, taken: status === null || status === "done" }));
}

/** Forgets mails that were moved away, and all of an earlier life of the mailbox. */
export async function forgetSeen(
  db: Kysely<DB>,
  { mailbox, uidValidity }: MailboxState,
  present: readonly number[],
): Promise<void> {
  await db
    .deleteFrom("emailSeen")
    .where("mailbox", "=", mailbox)
    .where((where) =>
      where.or([where("uidValidity", "!=", uidValidity), sql<boolean>`not (uid = any(${[...present]}::bigint[]))`]),
    )
    .execute();
}
