import type { MachineStatus } from "../contract/orchestrator-frames.ts";
import type { Logger } from "../lib/logger.ts";
import { startRepeating } from "../lib/repeat.ts";

/** How often is looked whether somebody has come or gone; it costs nothing. */
const LOOK_MS = 250;
/** The ledger is asked when it says that something happened, and this often in case it was not heard. */
const PATROL_MS = 5_000;

interface Parts {
  /** Runs of this machine that are on, by the ledger. */
  countBusy: () => Promise<number>;
  /** Whether somebody has the dashboard or a feed open right now. */
  isWatched: () => boolean;
  /** Calls back whenever something may have changed in the ledger. */
  watchLedger: (onChange: () => void) => Promise<void>;
  log: Logger;
}

export type StatusSource = Awaited<ReturnType<typeof openStatusSource>>;

/** What this machine is doing. It is read anew each time, never counted up and down, so it cannot drift. */
export async function openStatusSource({ countBusy, isWatched, watchLedger, log }: Parts) {
  const watchers = new Set<() => void>();
  let current: MachineStatus = "idle";
  let busy = 0;
  let isStale = true;
  let askedAt = 0;

  async function look(): Promise<void> {
    if (isStale || performance.now() - askedAt > PATROL_MS) {
      isStale = false;
      askedAt = performance.now();
      busy = await countBusy();
    }
    const status = busy > 0 ? "busy" : isWatched() ? "active" : "idle";
    if (status === current) return;
    current = status;
    for (const watcher of watchers) watcher();
  }

  await watchLedger(() => void (isStale = true));
  const looking = startRepeating(look, {
    intervalMs: LOOK_MS,
    firstMs: 0,
    onError(error) {
      isStale = true;
      log.debug({ err: error }, "the machine's status could not be read");
    },
  });

  return {
    current: (): MachineStatus => current,
    /** Calls back at each change; the returned function ends that. */
    onChange(watcher: () => void): () => void {
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
    [Symbol.asyncDispose]: () => looking[Symbol.asyncDispose](),
  };
}
