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

export const findConversationCopy = (db: Kysely<DB>, sessionId: string, claudeSessionId: string) =>
  db
    .selectFrom("conversationCopies")
    .select("transcript")
    .where("sessionId", "=", sessionId)
    .where("claudeSessionId", "=", claudeSessionId)
    .executeTakeFirst();

/** Whether Claude has taken in a prompt of this session before: then its conversation began, and must not begin anew. */
export async function hasConversationBegun(db: Kysely<DB>, sessionId: string): Promise<boolean> {
  const row = await db
    .selectFrom("attempts")
    .innerJoin("runs", "runs.id", "attempts.runId")
    .select("attempts.runId")
    .where("runs.sessionId", "=", sessionId)
    .where("attempts.promptTaken", "=", true)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Whether an earlier attempt of the run had its prompt taken in. */
export async function wasPromptTaken(db: Kysely<DB>, runId: string): Promise<boolean> {
  const row = await db
    .selectFrom("attempts")
    .select("runId")
    .where("runId", "=", runId)
    .where("promptTaken", "=", true)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
