import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import type { Claude, ConversationOwner } from "../claude/claude.ts";
import type { Database } from "../db/database.ts";
import { AppError } from "../lib/errors.ts";
import { findConversationCopy, hasConversationBegun, upsertConversationCopy } from "./conversation-queries.ts";

const zip = promisify(gzip);
const unzip = promisify(gunzip);

/** A longer record is not copied; it still lies where Claude keeps it. */
const MAX_RECORD_BYTES = 64 * 1024 * 1024;

/** What Claude is told when a run goes on after it was cut off; fixed, so that it can be told from a person's words. */
export const RECOVERY_PROMPT =
  "You were interrupted; check what the last step did before repeating it, then go on with the task.";

type Parts = { db: Database; claude: Pick<Claude, "conversation"> };

/**
 * Makes sure that Claude finds the conversation it is to continue: where its record is gone (cleaned up, or another
 * machine), the kept copy is put back. AppError "not_found" when both are gone; a conversation that began with this
 * very run, on a machine that was lost with it, begins anew.
 */
export async function ensureConversation(
  { db, claude }: Parts,
  session: ConversationOwner,
  run: { id: string },
): Promise<void> {
  const record = await claude.conversation(session);
  if (await record.exists()) return;
  const copy = await findConversationCopy(db, session.id, session.claudeSessionId ?? session.id);
  if (copy) return record.restore(await unzip(copy.transcript));
  if (await hasConversationBegun(db, session.id, run.id))
    throw new AppError(
      "not_found",
      "Claude's record of this conversation is gone, and no copy was kept. Start a new session and give it a summary: the messages here are still complete.",
    );
}

/**
 * Whether Claude knows the run's prompt. Its own record decides, not what the stream told: what the record lacks, Claude
 * will not remember when the conversation goes on.
 */
export async function isPromptTaken(
  { claude }: Parts,
  session: ConversationOwner,
  run: { messageId: string },
): Promise<boolean> {
  return (await claude.conversation(session)).holds(run.messageId);
}

/** Copies Claude's record into the ledger, so that the conversation can go on where this machine is not. */
export async function keepConversation({ db, claude }: Parts, session: ConversationOwner): Promise<void> {
  const record = await (await claude.conversation(session)).read(MAX_RECORD_BYTES);
  if (!record) return;
  const claudeSessionId = session.claudeSessionId ?? session.id;
  await upsertConversationCopy(db, {
    sessionId: session.id,
    claudeSessionId,
    transcript: await zip(record),
    bytes: record.length,
  });
}
