import type { PostedMessage, PostMessage } from "../contract/message.ts";
import type { Transaction } from "../db/database.ts";
import { callbackColumns } from "../deliveries/callback-queries.ts";
import type { OutboundUrls } from "../deliveries/outbound-url.ts";
import { queueToThreads } from "../deliveries/thread-queries.ts";
import { AppError, invalidField } from "../lib/errors.ts";
import { checkJsonSchema } from "../lib/json-schema.ts";
import type { Nudge } from "../queue/queue.ts";
import { findRunningRun, queueRun } from "../runs/run-queries.ts";
import { appendEvents } from "../sessions/event-queries.ts";
import { lockSession } from "../sessions/session-queries.ts";
import { insertMessageFiles, type NewFile } from "./message-file-queries.ts";
import { insertMessage } from "./message-queries.ts";

/** Runs that may wait in one session; a caller in a loop must not fill the ledger. */
const MAX_QUEUED = 100;

/** What goes together in a message and what does not. AppError "invalid" names the field. */
export function checkPost(body: PostMessage): void {
  const { direction, deliver, callbackUrl, steer, restart } = body;
  checkForm(body);
  if (direction === "inbound") {
    if (steer && body.callbackDeadlineSeconds !== undefined)
      throw invalidField(
        "body.callbackDeadlineSeconds",
        "needs a run of the message's own, so it cannot go with steer",
      );
    if (deliver)
      throw invalidField("body.deliver", "is for outbound messages: the answer to an inbound one goes out by itself");
    if (restart && steer) throw invalidField("body.restart", "makes a run of its own, so it cannot steer one");
    return;
  }
  if (callbackUrl !== undefined)
    throw invalidField("body.callbackUrl", "is for inbound messages: it tells the end of the run they make");
  if (steer) throw invalidField("body.steer", "is for inbound messages");
  if (restart) throw invalidField("body.restart", "is for inbound messages that make a run of their own");
}

/** The form that the answer is wanted in. */
function checkForm({ jsonSchema, direction, steer }: PostMessage): void {
  if (jsonSchema === undefined) return;
  if (direction === "outbound")
    throw invalidField("body.jsonSchema", "is for inbound messages: it is the form of Claude's answer to them");
  if (steer) throw invalidField("body.jsonSchema", "needs a run of the message's own, so it cannot go with steer");
  checkJsonSchema("body.jsonSchema", jsonSchema);
}

interface Parts {
  nudge: Nudge;
  outboundUrls: Pick<OutboundUrls, "check">;
}

type Said = PostMessage & { files: readonly NewFile[] };

export function createRecorder({ nudge, outboundUrls }: Parts) {
  /** Writes what the message asks for; the session's row is locked, so messages of one session queue in order. */
  return async (tx: Transaction, sessionId: string, said: Said): Promise<PostedMessage> => {
    const session = await lockSession(tx, sessionId);
    if (!session) throw new AppError("not_found", `There is no session ${sessionId}`);
    const { files, direction } = said;
    const running = await findSteered(tx, sessionId, said);
    const row = rowOf(sessionId, said, outboundUrls);
    const message = await insertMessage(tx, running ? { ...row, runId: running.id, steer: "pending" } : row);
    await insertMessageFiles(tx, message.id, files);
    await appendEvents(tx, sessionId, [
      { type: "message", runId: running?.id, data: { messageId: message.id, direction } },
    ]);
    if (direction === "outbound") {
      if (said.deliver) await sendToThreads(tx, sessionId, message.id);
      return { messageId: message.id, runId: null, status: "recorded" };
    }
    const runId = running?.id ?? (await queueOne(tx, session, message.id));
    await nudge(tx, session.workerId, sessionId);
    return { messageId: message.id, runId, status: running ? "running" : "queued" };
  };
}

/** The run that takes the message in. Files are put into the workspace before a run begins: they need one of their own. */
async function findSteered(tx: Transaction, sessionId: string, { steer, files }: Said) {
  return steer && files.length === 0 ? findRunningRun(tx, sessionId) : undefined;
}

async function queueOne(tx: Transaction, session: Parameters<typeof queueRun>[1], messageId: string): Promise<string> {
  const { runId, waiting } = await queueRun(tx, session, messageId);
  if (waiting > MAX_QUEUED)
    throw new AppError("conflict", `${MAX_QUEUED} messages wait in this session already; stop it or let it work`);
  return runId;
}

const rowOf = (sessionId: string, said: Said, outboundUrls: Parts["outboundUrls"]) => ({
  sessionId,
  content: said.content,
  direction: said.direction,
  source: said.source,
  author: said.author ?? null,
  metadata: said.metadata,
  ...callbackColumns(said, outboundUrls),
  restart: said.restart ?? null,
  jsonSchema: said.jsonSchema ?? null,
});

async function sendToThreads(tx: Transaction, sessionId: string, messageId: string): Promise<void> {
  const threads = await queueToThreads(tx, { sessionId, runId: null, messageId, topic: "message.posted" });
  if (threads === 0)
    throw invalidField(
      "body.deliver",
      "needs a thread to send to: this session has none in a connected channel that is not muted",
    );
}
