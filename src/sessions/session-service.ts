import type { PageQuery } from "../contract/page.ts";
import type { Session, SessionFilter, UpdateSession } from "../contract/session.ts";
import type { PutThread, Thread } from "../contract/thread.ts";
import type { Database } from "../db/database.ts";
import type { OutboundUrls } from "../deliveries/outbound-url.ts";
import { encodeCursor, toPage } from "../lib/cursor.ts";
import { AppError } from "../lib/errors.ts";
import type { Nudge } from "../queue/queue.ts";
import type { WorkspaceService } from "../workspaces/workspace-service.ts";
import { createSessionChanger } from "./change-session.ts";
import { createSessionMaker } from "./create-session.ts";
import { presentSession } from "./present-session.ts";
import { findSession, findSessions, upsertThread, type SessionRow } from "./session-queries.ts";

export type SessionService = ReturnType<typeof createSessionService>;

interface Parts {
  db: Database;
  nudge: Nudge;
  workerId: string;
  workspaces: Pick<WorkspaceService, "plan" | "archive">;
  outboundUrls: Pick<OutboundUrls, "check">;
  allowBypass: boolean;
  /** Where Claude keeps a session's conversation; undefined when it is the account's own folder. */
  configDir: (sessionId: string) => string | undefined;
}

const cursorOf = (row: SessionRow): string => encodeCursor(row.createdAt.toISOString(), row.id);

export function createSessionService(parts: Parts) {
  const { db, configDir } = parts;
  const change = createSessionChanger(parts);
  const present = (row: SessionRow): Session => presentSession(row, configDir(row.id));

  async function read(from: Database, id: string): Promise<Session> {
    const row = await findSession(from, id);
    if (!row) throw new AppError("not_found", `There is no session ${id}`);
    return present(row);
  }

  return {
    ...createSessionMaker({ ...parts, read }),

    get: (id: string): Promise<Session> => read(db, id),

    async list(filter: SessionFilter, page: PageQuery) {
      return toPage(await findSessions(db, filter, page), page.limit, { present, cursor: cursorOf });
    },

    async update(id: string, body: UpdateSession): Promise<Session> {
      await change(id, body);
      return read(db, id);
    },

    async putThread(id: string, thread: PutThread): Promise<Thread> {
      await read(db, id);
      const { move = false, ...place } = thread;
      const row = await upsertThread(db, { ...place, sessionId: id }, { move });
      if (!row)
        throw new AppError(
          "conflict",
          "This thread belongs to another session that is not archived; send move: true to bind it to this one",
        );
      const { team, channel, createdAt } = row;
      return { sessionId: id, team, channel, threadTs: thread.threadTs, createdAt: createdAt.toISOString() };
    },
  };
}
