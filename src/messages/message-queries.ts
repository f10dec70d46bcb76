import type { Insertable, Kysely } from "kysely";
import type { DB, SessionMessages } from "../db/schema.ts";
import { CURSOR_NUMBER, decodeCursor } from "../lib/cursor.ts";

export type MessageRow = Awaited<ReturnType<typeof findMessages>>[number];

export const insertMessage = (db: Kysely<DB>, row: Insertable<SessionMessages>) =>
  db.insertInto("sessionMessages").values(row).returningAll().executeTakeFirstOrThrow();

/** A session's messages newest first, each with the status of its run; one more than `limit` when there are more. */
export function findMessages(db: Kysely<DB>, sessionId: string, page: { limit: number; cursor?: string | undefined }) {
  let query = db
    .selectFrom("sessionMessages as m")
    .leftJoin("runs", "runs.messageId", "m.id")
    .selectAll("m")
    .select(["runs.id as ownRunId", "runs.status as runStatus"])
    .where("m.sessionId", "=", sessionId);
  if (page.cursor) {
    const [position] = decodeCursor(page.cursor, [CURSOR_NUMBER]);
    query = query.where("m.position", "<", Number(position));
  }
  return query
    .orderBy("m.position", "desc")
    .limit(page.limit + 1)
    .execute();
}

/** Messages meant for the run that is on and not handed to it yet, oldest first. */
export const findPendingSteers = (db: Kysely<DB>, runId: string) =>
  db
    .selectFrom("sessionMessages")
    .selectAll()
    .where("runId", "=", runId)
    .where("steer", "=", "pending")
    .orderBy("position")
    .execute();

export const markSteerSent = (db: Kysely<DB>, messageId: string) =>
  db.updateTable("sessionMessages").set({ steer: "sent" }).where("id", "=", messageId).execute();
