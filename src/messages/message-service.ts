import type { Message, PostedMessage, PostMessage } from "../contract/message.ts";
import type { PageQuery } from "../contract/page.ts";
import type { Database, Transaction } from "../db/database.ts";
import type { OutboundUrls } from "../deliveries/outbound-url.ts";
import type { RequestKey } from "../http/idempotency-key.ts";
import { encodeCursor, toPage } from "../lib/cursor.ts";
import { AppError, invalidField } from "../lib/errors.ts";
import type { Nudge } from "../queue/queue.ts";
import { findRunningRun, queueRun } from "../runs/run-queries.ts";
import { appendEvents } from "../sessions/event-queries.ts";
import { findSession, lockSession } from "../sessions/session-queries.ts";
import { inboxEntry, once } from "./inbox-queries.ts";
import { checkNewFiles, findMessageFiles, insertMessageFiles, type NewFile } from "./message-file-queries.ts";
import { findMessages, insertMessage, type MessageRow } from "./message-queries.ts";

export type MessageService = ReturnType<typeof createMessageService>;

/** Runs that may wait in one session; a caller in a loop must not fill the ledger. */
const MAX_QUEUED = 100;

function present(row: MessageRow, files: Message["files"] = []): Message {
  return {
    messageId: row.id,
    sessionId: row.sessionId,
    runId: row.runId,
    direction: row.direction as Message["direction"],
    source: row.source as Message["source"],
    author: row.author,
    content: row.content,
    files,
    status: (row.runStatus ?? "recorded") as Message["status"],
    metadata: row.metadata as Message["metadata"],
    timestamp: row.timestamp.toISOString(),
  };
}

interface Parts {
  db: Database;
  nudge: Nudge;
  outboundUrls: Pick<OutboundUrls, "check">;
}

export function createMessageService({ db, nudge, outboundUrls }: Parts) {
  /** Writes what the message asks for; the session's row is locked, so messages of one session queue in order. */
  async function record(
    tx: Transaction,
    sessionId: string,
    { files, ...body }: PostMessage & { files: readonly NewFile[] },
  ): Promise<PostedMessage> {
    const session = await lockSession(tx, sessionId);
    if (!session) throw new AppError("not_found", `There is no session ${sessionId}`);
    const { content, direction, source, author = null, metadata } = body;
    const callbackUrl =
      body.callbackUrl === undefined ? null : outboundUrls.check("body.callbackUrl", body.callbackUrl);
    const row = { sessionId, content, direction, source, author, metadata, callbackUrl, restart: body.restart ?? null };
    // Files are put into the workspace before a run begins: a message that brings some makes one of its own.
    const running = body.steer && files.length === 0 ? await findRunningRun(tx, sessionId) : undefined;
    const message = await insertMessage(tx, running ? { ...row, runId: running.id, steer: "pending" } : row);
    await insertMessageFiles(tx, message.id, files);
    await appendEvents(tx, sessionId, [
      { type: "message", runId: running?.id, data: { messageId: message.id, direction } },
    ]);
    if (direction === "outbound") return { messageId: message.id, runId: null, status: "recorded" };
    if (running) {
      await nudge(tx, session.workerId, sessionId);
      return { messageId: message.id, runId: running.id, status: "running" };
    }
    const { runId, waiting } = await queueRun(tx, session, message.id);
    if (waiting > MAX_QUEUED)
      throw new AppError("conflict", `${MAX_QUEUED} messages wait in this session already; stop it or let it work`);
    await nudge(tx, session.workerId, sessionId);
    return { messageId: message.id, runId, status: "queued" };
  }

  return {
    /**
     * Inbound continues the session (a run is queued; one at a time, in order); outbound is recorded. The run finds
     * `files` in its workspace.
     */
    async post(
      sessionId: string,
      body: PostMessage,
      key?: RequestKey,
      files: readonly NewFile[] = [],
    ): Promise<PostedMessage> {
      checkNewFiles(files);
      if (body.deliver)
        throw invalidField(
          "body.deliver",
          "cannot be true in this version: no channel is connected that could deliver",
        );
      if (body.callbackUrl !== undefined && body.direction === "outbound")
        throw invalidField("body.callbackUrl", "is for inbound messages: it tells the end of the run they make");
      if (body.steer && body.direction === "outbound") throw invalidField("body.steer", "is for inbound messages");
      if (body.restart && (body.steer || body.direction === "outbound"))
        throw invalidField("body.restart", "is for inbound messages that make a run of their own");
      return once(db, key && inboxEntry(key.door, key.externalId, body), (tx) =>
        record(tx, sessionId, { ...body, files }),
      );
    },

    async list(sessionId: string, page: PageQuery) {
      if (!(await findSession(db, sessionId))) throw new AppError("not_found", `There is no session ${sessionId}`);
      const found = await findMessages(db, sessionId, page);
      const files = await findMessageFiles(
        db,
        found.map(({ id }) => id),
      );
      return toPage(found, page.limit, {
        present: (row) => present(row, files.get(row.id)),
        cursor: (row) => encodeCursor(row.position),
      });
    },
  };
}
