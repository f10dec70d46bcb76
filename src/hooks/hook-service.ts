import { basename } from "node:path";
import type { PageQuery } from "../contract/page.ts";
import type { Database } from "../db/database.ts";
import { encodeCursor, toPage } from "../lib/cursor.ts";
import { AppError, toError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import { appendEvents } from "../sessions/event-queries.ts";
import { closeOpenCalls, findCommandLogs, presentCommandLog, toolEvent } from "./command-log-queries.ts";
import { readHook, type HookDoor, type HookRecord } from "./hook-body.ts";
import { hookRows, titleOf } from "./hook-rows.ts";
import { createHookWriter, type HookWriterLimits } from "./hook-writer.ts";
import { completeSilentSessions, findOrObserveSession, sessionExists } from "./hooked-session-queries.ts";
import { createSessionCache } from "./session-cache.ts";

/** How often a hook's session is looked up again when it was merged or deleted while the hook was written. */
const MAX_LOOKUPS = 3;
/** An observed session that says nothing for so long has ended without a goodbye. */
const SILENT_MINUTES = 30;
const SWEEP_MS = 60_000;
const NEVER_HEARD = "Claude ended before it told what became of this call.";

/** Who posted a hook: one of our runs by its token, else a person's own settings. */
export interface HookCaller {
  runId?: string | undefined;
  sessionId?: string | undefined;
}

export type HookService = ReturnType<typeof openHookService>;

interface Parts {
  db: Database;
  log: Logger;
  /** Owner of the sessions that are observed here. */
  workerId: string;
  limits?: Partial<HookWriterLimits>;
}

/** Takes in what Claude's hooks post: tool calls, and for sessions a person started also messages and status. */
export function openHookService({ db, log, workerId, limits }: Parts) {
  const cache = createSessionCache();
  const writer = createHookWriter({ db, log }, limits);
  const sweep = setInterval(() => void completeSilent(), SWEEP_MS).unref();
  let sweeping = Promise.resolve();
  let received = 0;

  function completeSilent(): Promise<void> {
    sweeping = completeSilentSessions(db, { workerId, minutes: SILENT_MINUTES }).then(
      () => undefined,
      (thrown: unknown) => log.warn({ err: toError(thrown) }, "silent sessions could not be ended"),
    );
    return sweeping;
  }

  function findSessionId({ claudeSessionId, cwd, news }: HookRecord): Promise<string> {
    const folder = cwd === null ? "" : basename(cwd);
    const title = news.kind === "prompt" ? titleOf(news.text) : folder === "" ? "Claude session" : folder;
    const found = cache.find(claudeSessionId, () =>
      findOrObserveSession(db, { claudeSessionId, cwd }, { workerId, title }),
    );
    if (!found) throw new AppError("unavailable", "Too many new sessions at once");
    return found;
  }

  async function record(hook: HookRecord, { runId, sessionId }: HookCaller, text: string): Promise<void> {
    const receivedAt = Date.now();
    const token = runId !== undefined && sessionId !== undefined;
    for (let lookup = 1; lookup <= MAX_LOOKUPS; lookup += 1) {
      const home = token ? sessionId : await findSessionId(hook);
      const rows = hookRows(hook, { sessionId: home, runId: token ? runId : undefined, text, receivedAt });
      const written = await Promise.all(rows.map((row) => writer.write(row)));
      if (written.every(Boolean)) {
        if (hook.news.kind === "end" && !token) await closeCalls(home);
        return;
      }
      cache.forget(hook.claudeSessionId);
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
    async receive(text: string, door: HookDoor, caller: HookCaller): Promise<void> {
      received += 1;
      await record(readHook(text, door), caller, text);
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

    completeSilent,

    async [Symbol.asyncDispose]() {
      clearInterval(sweep);
      await writer[Symbol.asyncDispose]();
      await sweeping;
    },
  };
}
