import type { PageQuery } from "../contract/page.ts";
import type { Database } from "../db/database.ts";
import { encodeCursor, toPage } from "../lib/cursor.ts";
import { AppError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import { appendEvents } from "../sessions/event-queries.ts";
import { closeOpenCalls, findCommandLogs, presentCommandLog, toolEvent } from "./command-log-queries.ts";
import type { BacklogLimits } from "./hook-backlog.ts";
import { readHook, type HookDoor, type HookRecord } from "./hook-body.ts";
import { openHookStatement } from "./hook-queries.ts";
import { hookRows } from "./hook-rows.ts";
import { createHookWriter } from "./hook-writer.ts";
import { sessionExists } from "./hooked-session-queries.ts";
import { createHookedSessions } from "./hooked-sessions.ts";
import { startSilenceSweep } from "./silent-sessions.ts";

/** How often a hook's session is looked up when it is merged or deleted while the hook is written. */
const MAX_LOOKUPS = 3;
const NEVER_HEARD = "Claude ended before it told what became of this call.";

/** Who posted a hook: one of our runs by its token, else a person's own settings. */
export interface HookCaller {
  runId?: string | undefined;
  sessionId?: string | undefined;
}

export type HookService = ReturnType<typeof openHookService>;

export type HookLimits = Partial<BacklogLimits> & { lockTimeoutMs?: number };

interface Parts {
  db: Database;
  /** Of the same database: the writer has a connection of its own. */
  connectionString: string;
  log: Logger;
  /** Owner of the sessions that are observed here. */
  workerId: string;
  limits?: HookLimits;
}

/** Takes in what Claude's hooks post: tool calls, and for sessions a person started also messages and status. */
export function openHookService({ db, connectionString, log, workerId, limits }: Parts) {
  const sessions = createHookedSessions({ db, workerId });
  const statement = openHookStatement(db, connectionString, limits);
  const writer = createHookWriter({ statement, log }, limits);
  const sweep = startSilenceSweep({ db, log, workerId });
  let received = 0;

  /** Writes a hook into a session; false when that session is not its home any more. */
  async function write(
    hook: HookRecord,
    context: { sessionId: string; runId?: string; text: string },
  ): Promise<boolean> {
    const rows = hookRows(hook, { ...context, receivedAt: Date.now() });
    const written = await Promise.all(rows.map((row) => writer.write(row)));
    return written.every(Boolean);
  }

  /** A hook that no run's token names the session of. */
  async function writeObserved(hook: HookRecord, text: string): Promise<void> {
    for (let lookup = 1; lookup <= MAX_LOOKUPS; lookup += 1) {
      const sessionId = await sessions.find(hook);
      if (await write(hook, { sessionId, text })) {
        if (hook.news.kind === "end") await closeCalls(sessionId);
        return;
      }
      sessions.forget(hook);
    }
    throw new AppError("unavailable", "The session of this hook changes too fast");
  }

  /** Claude has left, so the calls it did not finish never will be. */
  async function closeCalls(sessionId: string): Promise<void> {
    await db.transaction().execute(async (tx) => {
      const closed = await closeOpenCalls(tx, sessionId, NEVER_HEARD);
      if (closed.length > 0) await appendEvents(tx, sessionId, closed.map(toolEvent));
    });
  }

  return {
    /** Resolves when the hook is committed. Throws "invalid" for a body that cannot be read, "unavailable" when full. */
    async receive(text: string, door: HookDoor, { runId, sessionId }: HookCaller): Promise<void> {
      received += 1;
      const hook = readHook(text, door);
      if (runId !== undefined && sessionId !== undefined) await write(hook, { sessionId, runId, text });
      else await writeObserved(hook, text);
    },

    async listLogs(sessionId: string, page: PageQuery) {
      if (!(await sessionExists(db, sessionId))) throw new AppError("not_found", `There is no session ${sessionId}`);
      const rows = await findCommandLogs(db, sessionId, page);
      return toPage(rows, page.limit, { present: presentCommandLog, cursor: (row) => encodeCursor(row.id) });
    },

    /** Hook posts since the start. */
    get received(): number {
      return received;
    },

    async [Symbol.asyncDispose]() {
      await sweep[Symbol.asyncDispose]();
      await writer[Symbol.asyncDispose]();
      await statement[Symbol.asyncDispose]();
    },
  };
}
