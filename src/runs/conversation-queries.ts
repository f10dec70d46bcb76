import { sql, type Kysely } from "kysely";
import type { Transaction } from "../db/database.ts";
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

/** The number of the run that a conversation begun anew began with; 0 for the session's first conversation. */
const firstNumber = sql<number>`coalesce((
  select first.number from runs first join sessions s on s.id = first.session_id
  where first.session_id = runs.session_id and first.id::text = s.claude_session_id), 0)`;

/** Whether Claude took in a prompt of this conversation before this run: then it must not begin anew by itself. */
export async function hasConversationBegun(db: Kysely<DB>, sessionId: string, runId: string): Promise<boolean> {
  const row = await db
    .selectFrom("attempts")
    .innerJoin("runs", "runs.id", "attempts.runId")
    .select("attempts.runId")
    .where("runs.sessionId", "=", sessionId)
    .where("runs.id", "!=", runId)
    .where("runs.number", ">=", firstNumber)
    .where("attempts.promptTaken", "=", true)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** From here on the session's conversation is a new one, which has the id of the run it begins with. */
export const beginConversation = (tx: Transaction, { id: runId, sessionId }: { id: string; sessionId: string }) =>
  tx
    .updateTable("sessions")
    .set({ claudeSessionId: runId, cumulativeCostUsd: 0 })
    .where("id", "=", sessionId)
    .where("claudeSessionId", "is distinct from", runId)
    .execute();

/** Whether the session's conversation began anew under the id of one of its runs, so that Claude may be given that id. */
export async function isBegunByRun(
  db: Kysely<DB>,
  { id: sessionId, claudeSessionId }: { id: string; claudeSessionId: string | null },
): Promise<boolean> {
  if (claudeSessionId === null) return false;
  const row = await db
    .selectFrom("runs")
    .select("id")
    .where("sessionId", "=", sessionId)
    .where(sql<boolean>`id::text = ${claudeSessionId}`)
    .executeTakeFirst();
  return row !== undefined;
}

/** What was said in a session before a message, newest first, each text no longer than `letters`. */
export const findSaidBefore = (
  db: Kysely<DB>,
  { sessionId, position }: { sessionId: string; position: number },
  { limit, letters }: { limit: number; letters: number },
) =>
  db
    .selectFrom("sessionMessages")
    .select(["direction", "source", "author", "metadata"])
    .select(sql<string>`left(content, ${letters})`.as("content"))
    .select(sql<number>`length(content)`.as("length"))
    .where("sessionId", "=", sessionId)
    .where("position", "<", position)
    .orderBy("position", "desc")
    .limit(limit)
    .execute();
