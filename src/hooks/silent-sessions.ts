import type { Database } from "../db/database.ts";
import { toError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import { completeSilentSessions } from "./hooked-session-queries.ts";

/** An observed session that says nothing for so long has ended without a goodbye. */
const SILENT_MINUTES = 30;
const SWEEP_MS = 60_000;

/** Looks every minute for observed sessions that fell silent, and ends them. */
export function startSilenceSweep({
  db,
  log,
  workerId,
}: {
  db: Database;
  log: Logger;
  workerId: string;
}): AsyncDisposable {
  let sweeping = Promise.resolve();
  async function sweep(): Promise<void> {
    try {
      await completeSilentSessions(db, { workerId, minutes: SILENT_MINUTES });
    } catch (thrown) {
      log.warn({ err: toError(thrown) }, "silent sessions could not be ended");
    }
  }
  const timer = setInterval(() => {
    sweeping = sweep();
  }, SWEEP_MS).unref();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await sweeping;
    },
  };
}
