import type { Message, PostedMessage, PostMessage } from "../contract/message.ts";
import type { PageQuery } from "../contract/page.ts";
import type { Database, Transaction } from "../db/database.ts";
import type { OutboundUrls } from "../deliveries/outbound-url.ts";
import type { RequestKey } from "../http/idempotency-key.ts";
import { encodeCursor, toPage } from "../lib/cursor.ts";
import { AppError } from "../lib/errors.ts";
import type { Nudge } from "../queue/queue.ts";
import { findSession } from "../sessions/session-queries.ts";
import { inboxEntry, once } from "./inbox-queries.ts";
import { checkNewFiles, findMessageFiles, type NewFile } from "./message-file-queries.ts";
import { findMessages, type MessageRow } from "./message-queries.ts";
import { checkPost, createRecorder } from "./record-message.ts";

export type MessageService = ReturnType<typeof createMessageService>;

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
  const record = createRecorder({ nudge, outboundUrls });

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
      checkPost(body);
      return once(db, key && inboxEntry(key.door, key.externalId, body), (tx) =>
        record(tx, sessionId, { ...body, files }),
      );
    },

    /** As `post`, in a transaction of the caller's. */
    postIn(tx: Transaction, sessionId: string, body: PostMessage): Promise<PostedMessage> {
      checkPost(body);
      return record(tx, sessionId, { ...body, files: [] });
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
