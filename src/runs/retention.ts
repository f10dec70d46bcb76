import type { Freed, RetentionReport, RetentionRun } from "../contract/retention.ts";
import { startRepeating } from "../lib/repeat.ts";
import { clean, type Lifetimes } from "./retention-cleaning.ts";
import type { FileParts } from "./retention-files.ts";
import { beginRetention, claimRetention, findLastRetention, finishRetention, type Scope } from "./retention-queries.ts";

const LOOK_MS = 5 * 60_000;
const FIRST_LOOK_MS = 60_000;
const SCOPES = ["ledger", "files"] as const;

export interface RetentionParts extends FileParts {
  /** When the daily cleaning is due, and how long each thing is kept. */
  config: { hour: number; days: Lifetimes };
}

export type Retention = ReturnType<typeof createRetention>;

/**
 * Removes what is older than its lifetime, from the ledger (once a day for all workers) and from this worker's disk
 * (once a day for each). What a row in the ledger says is done is not done again, whichever process looks.
 */
export function createRetention(parts: RetentionParts) {
  const { db, log, workerId, config } = parts;
  const { hour, days } = config;

  /** Cleans and writes down what it freed, under a row that was begun. */
  async function cleanAndRecord(scope: Scope, id: number, signal?: AbortSignal): Promise<Freed[]> {
    const { freed, error } = await clean(scope, { ...parts, days, dryRun: false, signal });
    await finishRetention(db, id, freed, error);
    log.info({ scope, freed }, "cleaned up what had passed its lifetime");
    return freed;
  }

  async function runIfDue(signal?: AbortSignal): Promise<void> {
    const since = lastDue(new Date(), hour);
    for (const scope of SCOPES) {
      const claimed = await claimRetention(db, { scope, workerId, since });
      if (claimed) await cleanAndRecord(scope, claimed.id, signal);
    }
  }

  return {
    runIfDue,

    /** What a cleaning would remove at this moment. */
    async preview(): Promise<Freed[]> {
      const found = [];
      for (const scope of SCOPES) found.push(...(await clean(scope, { ...parts, days, dryRun: true })).freed);
      return found;
    },

    /** Cleans now, due or not. */
    async run(): Promise<Freed[]> {
      const freed = [];
      for (const scope of SCOPES)
        freed.push(...(await cleanAndRecord(scope, (await beginRetention(db, { scope, workerId })).id)));
      return freed;
    },

    async report(): Promise<RetentionReport> {
      const last = (await findLastRetention(db)).map(present);
      return { days: { ...days }, nextAt: nextDue(new Date(), hour).toISOString(), last };
    },

    /** Looks now and then whether it is due: a machine that was off at the hour does it when it is on again. */
    start: (): AsyncDisposable =>
      startRepeating(runIfDue, {
        intervalMs: LOOK_MS,
        firstMs: FIRST_LOOK_MS,
        onError: (error) => log.warn({ err: error }, "the daily cleaning failed; it is tried again"),
      }),
  };
}

const present = ({ id: _, ...row }: Awaited<ReturnType<typeof findLastRetention>>[number]): RetentionRun => ({
  ...row,
  scope: row.scope as Scope,
  freed: row.freed as RetentionRun["freed"],
  startedAt: row.startedAt.toISOString(),
  finishedAt: row.finishedAt?.toISOString() ?? null,
});

/** The last time before `now` at which it was this hour here. */
export function lastDue(now: Date, hour: number): Date {
  const today = new Date(now.getFullYear(), now.getMonth(), now.getDate(), hour);
  return today <= now ? today : new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1, hour);
}

function nextDue(now: Date, hour: number): Date {
  const last = lastDue(now, hour);
  return new Date(last.getFullYear(), last.getMonth(), last.getDate() + 1, hour);
}
