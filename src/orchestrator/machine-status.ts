import { MAX_TOTAL, type MachineStatus, type OrchestrationTotals } from "../contract/orchestrator-frames.ts";
import type { Logger } from "../lib/logger.ts";
import { startRepeating } from "../lib/repeat.ts";

/** How often is looked whether somebody has come or gone; it costs nothing. */
const LOOK_MS = 250;
/** The ledger is asked when it says that something happened, and this often in case it was not heard. */
const PATROL_MS = 5_000;
/** Totals that change quickly are told this often; a status is told at once. */
const TOTALS_MS = 500;

interface Parts {
  /** Runs of this machine that are on, by the ledger. */
  countBusy: () => Promise<number>;
  /** Runs that are on and that are desired, by the ledger. */
  readTotals: () => Promise<OrchestrationTotals>;
  /** Whether somebody has the dashboard or a feed open right now. */
  isWatched: () => boolean;
  /** Calls back whenever something may have changed in the ledger. */
  watchLedger: (onChange: () => void) => Promise<void>;
  log: Logger;
}

export interface StatusSource extends AsyncDisposable {
  current: () => MachineStatus;
  /** Undefined before they are known, and where there are none. */
  totals?: () => OrchestrationTotals | undefined;
  /** Calls back at each change; the returned function ends that. */
  onChange(watcher: () => void): () => void;
}

const clamped = ({ running, desired }: OrchestrationTotals): OrchestrationTotals => ({
  running: Math.min(running, MAX_TOTAL),
  desired: Math.min(desired, MAX_TOTAL),
});

export const areSame = (a: OrchestrationTotals | undefined, b: OrchestrationTotals | undefined): boolean =>
  a?.running === b?.running && a?.desired === b?.desired;

/** What this machine is doing. It is read anew each time, never counted up and down, so it cannot drift. */
export async function openStatusSource(parts: Parts): Promise<StatusSource> {
  const { countBusy, readTotals, isWatched, watchLedger, log } = parts;
  const watchers = new Set<() => void>();
  let current: MachineStatus = "idle";
  let busy = 0;
  let isStale = true;
  let askedAt = 0;
  let counted: OrchestrationTotals | undefined;
  let totals: OrchestrationTotals | undefined;
  let toldAt = 0;

  async function look(): Promise<void> {
    if (isStale || performance.now() - askedAt > PATROL_MS) {
      isStale = false;
      askedAt = performance.now();
      [busy, counted] = await Promise.all([countBusy(), readTotals().then(clamped)]);
    }
    const status = busy > 0 ? "busy" : isWatched() ? "active" : "idle";
    const isDue = !areSame(totals, counted) && performance.now() - toldAt >= TOTALS_MS;
    if (status === current && !isDue) return;
    current = status;
    totals = counted;
    toldAt = performance.now();
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
    current: () => current,
    totals: () => totals,
    onChange(watcher) {
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
    [Symbol.asyncDispose]: () => looking[Symbol.asyncDispose](),
  };
}
