import type { Database } from "../db/database.ts";
import type { Listener } from "../db/notify.ts";
import type { Logger } from "../lib/logger.ts";
import { startRepeating } from "../lib/repeat.ts";
import { cleanHistory } from "./change-queries.ts";
import { countRuns, endWhatIsOver, type Lifetimes } from "./upkeep-queries.ts";

/** Told by the database with each run that begins or ends. */
const RUNS = "orchestration_runs";
const PATROL_MS = 3_000;
const CLEANING_MS = 3_600_000;

interface Parts extends Lifetimes {
  db: Database;
  listener: Listener;
  log: Logger;
  /** Starts what standing templates are short of. */
  startMissing: () => Promise<void>;
}

/** Keeps the counts true: at once when a run begins or ends, and by a patrol for what ends by time. */
export async function startUpkeep({ db, listener, log, startMissing, workspaceDays }: Parts): Promise<AsyncDisposable> {
  let working: Promise<void> | undefined;
  let again = false;

  async function workOn(): Promise<void> {
    try {
      do {
        again = false;
        await countRuns(db);
        await startMissing();
      } while (again);
    } catch (error) {
      log.warn({ err: error }, "runs could not be counted; the next patrol does it");
    } finally {
      working = undefined;
    }
  }

  function wake(): void {
    again = true;
    working ??= workOn();
  }

  await listener.listen(RUNS, wake);
  listener.onResync(wake);
  const onError = (error: unknown): void =>
    log.warn({ err: error }, "the upkeep of orchestration failed; it is repeated");
  const patrol = startRepeating(
    async () => {
      wake();
      await endWhatIsOver(db, { workspaceDays });
    },
    { intervalMs: PATROL_MS, firstMs: 0, onError },
  );
  const cleaning = startRepeating(() => cleanHistory(db), { intervalMs: CLEANING_MS, onError });
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all([patrol[Symbol.asyncDispose](), cleaning[Symbol.asyncDispose]()]);
      await working;
    },
  };
}
