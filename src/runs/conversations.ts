import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import type { Claude, ConversationOwner } from "../claude/claude.ts";
import type { Database } from "../db/database.ts";
import { AppError } from "../lib/errors.ts";
import {
  findConversationCopy,
  findRunDirs,
  hasConversationBegun,
  upsertConversationCopy,
} from "./conversation-queries.ts";
import { fenced, type Lease } from "./lease-queries.ts";

const zip = promisify(gzip);
const unzip = promisify(gunzip);

/** A longer record is not copied; it still lies where Claude keeps it. */
const MAX_RECORD_BYTES = 64 * 1024 * 1024;

/** What Claude is told when a run goes on after it was cut off; fixed, so that it can be told from a person's words. */
export const RECOVERY_PROMPT =
  "You were interrupted; check what the last step did before repeating it, then go on with the task.";

const START_ANEW =
  'Send the message again with restart: "summary" (in the dashboard: “Start anew with a summary”): Claude then begins a new conversation in the same workspace, told in short what was said here.';

type Parts = { db: Database; claude: Pick<Claude, "conversation" | "conversationIn"> };

/** Every worker's data directory is laid out like ours: where its runs were tells where its Claude folders are. */
const claudeDirOf = (runDir: string): string => join(dirname(dirname(runDir)), "claude");

/**
 * Claude's record of the conversation, here. Another worker of this machine that had the session meanwhile may have a
 * newer one: then that is copied first.
 */
async function fetchRecord({ db, claude }: Parts, session: ConversationOwner) {
  const here = await claude.conversation(session);
  for (const claudeDir of new Set((await findRunDirs(db, session.id)).map(claudeDirOf))) {
    const there = claude.conversationIn(session, claudeDir);
    if ((await there.bytes()) <= (await here.bytes())) continue;
    const record = await there.read(Number.POSITIVE_INFINITY);
    if (record) await here.restore(record);
  }
  return here;
}

/**
 * Makes sure that Claude finds the conversation it is to continue: where its record is gone (cleaned up, or another
 * machine) or old (the session was elsewhere meanwhile), the kept copy is put back. AppError "not_found" when both are
 * gone; a conversation that began with this very run, on a machine that was lost with it, begins anew.
 */
export async function ensureConversation(parts: Parts, session: ConversationOwner, run: { id: string }): Promise<void> {
  const { db } = parts;
  const record = await fetchRecord(parts, session);
  const longerThan = await record.bytes();
  const claudeSessionId = session.claudeSessionId ?? session.id;
  const copy = await findConversationCopy(db, { sessionId: session.id, claudeSessionId, longerThan });
  if (copy) return record.restore(await unzip(copy.transcript));
  if (longerThan > 0) return;
  if (await hasConversationBegun(db, session.id, run.id))
    throw new AppError(
      "not_found",
      `Claude's record of this conversation is gone, and no copy was kept. ${START_ANEW}`,
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
export async function keepConversation(parts: Parts, lease: Lease, session: ConversationOwner): Promise<void> {
  const record = await (await fetchRecord(parts, session)).read(MAX_RECORD_BYTES);
  if (!record) return;
  const claudeSessionId = session.claudeSessionId ?? session.id;
  const copy = { sessionId: session.id, claudeSessionId, transcript: await zip(record), bytes: record.length };
  await fenced(parts.db, lease, (tx) => upsertConversationCopy(tx, copy));
}
