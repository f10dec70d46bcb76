import type { Database } from "../db/database.ts";
import { withAdvisoryLock } from "./repository-lock-queries.ts";
import { createSlots, createTurns } from "./turns.ts";

/** Each holds a database connection for as long as a fetch takes: few enough to leave most of the pool to the others. */
const MAX_HELD = 3;

export type RepositoryLocks = ReturnType<typeof createRepositoryLocks>;

/** One job at a time per repository, in this process and in all that share the database. */
export function createRepositoryLocks(db: Database) {
  const turns = createTurns();
  const slots = createSlots(MAX_HELD);
  return {
    /** Waits for its turn, then works. A signal ends the waiting; what the work does about it is its own affair. */
    hold: <T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> =>
      turns.take(name, async () => {
        signal.throwIfAborted();
        return slots.use(() => withAdvisoryLock(db, name, signal, work));
      }),
  };
}
