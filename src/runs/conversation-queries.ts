import { sql, type Kysely } from "kysely";
import type { DB } from "../db/schema.ts";

/** Keeps Claude's record of a conversation; the one of before is replaced. */
export const upsertConversationCopy = (
  db: Kysely<DB>,
  row: { sessionId: string; claudeSessionId: string; transcript: Buffer; bytes: number },
) =>
  db
    .insertInto("conversationCopies")
    .values(row)
    .onConflict((conflict) => conflict.column("sessionId").doUpdateSet({ ...row, copiedAt: sql<Date>`now()` }))
    .execute();

/** The kept copy, if it is longer than this. */
export const findConversationCopy = (
  db: Kysely<DB>,
  { sessionId, claudeSessionId, longerThan }: { sessionId: string; claudeSessionId: string; longerThan: number },
) =>
  db
    .selectFrom("conversationCopies")
    .select("transcript")
    .where("sessionId", "=", sessionId)
    .where("claudeSessionId", "=", claudeSessionId)
    .where("bytes", ">", longerThan)
    .executeTakeFirst();

/** Folders of the session's runs so far; after a move they lie with several workers. */
export const findRunDirs = async (db: Kysely<DB>, sessionId: string): Promise<string[]> =>
  (
    await db
      .selectFrom("attempts")
      .innerJoin("runs", "runs.id", "attempts.runId")
      .select("attempts.runDir")
      .where("runs.sessionId", "=", sessionId)
      .execute()
  ).map((row) => row.runDir);

/** Whether Claude took in a prompt of this session before this run: then the conversation must not begin anew. */
export async function hasConversationBegun(db: Kysely<DB>, sessionId: string, runId: string): Promise<boolean> {
  const row = await db
    .selectFrom("attempts")
    .innerJoin("runs", "runs.id", "attempts.runId")
    .select("attempts.runId")
    .where("runs.sessionId", "=", sessionId)
    .where("runs.id", "!=", runId)
    .where("attempts.promptTaken", "=", true)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
