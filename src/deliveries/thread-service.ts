import type { SessionThread, SessionThreads } from "../contract/thread.ts";
import type { Database } from "../db/database.ts";
import { AppError } from "../lib/errors.ts";
import { findSession } from "../sessions/session-queries.ts";
import { findThreads, muteThread, type ThreadRow } from "./thread-queries.ts";

export type ThreadService = ReturnType<typeof createThreadService>;

const present = ({ id, kind, place, muted, createdAt }: ThreadRow): SessionThread => ({
  threadId: id,
  kind: kind as SessionThread["kind"],
  place,
  muted,
  createdAt: createdAt.toISOString(),
});

interface Parts {
  db: Database;
  /** Where mails to a session go; null where no mail comes in. */
  mailAddressOf: (sessionId: string) => string | null;
}

/** Where a session is talked about outside, whatever the door. */
export const createThreadService = ({ db, mailAddressOf }: Parts) => ({
  async list(sessionId: string): Promise<SessionThreads> {
    if (!(await findSession(db, sessionId))) throw new AppError("not_found", `There is no session ${sessionId}`);
    return { items: (await findThreads(db, sessionId)).map(present), mailAddress: mailAddressOf(sessionId) };
  },

  async mute(sessionId: string, threadId: string, muted: boolean): Promise<SessionThread> {
    const thread = await muteThread(db, { sessionId, threadId, muted });
    if (!thread) throw new AppError("not_found", `Session ${sessionId} has no thread ${threadId}`);
    return present(thread);
  },
});
