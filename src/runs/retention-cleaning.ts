import { setTimeout as sleep } from "node:timers/promises";
import type { Freed, RetentionRun } from "../contract/retention.ts";
import { toError } from "../lib/errors.ts";
import { fileSteps, type FileParts } from "./retention-files.ts";
import { ledgerSteps, type LedgerStep } from "./retention-steps-queries.ts";

const DAY_MS = 24 * 60 * 60_000;
const BATCH_ROWS = 1_000;
/** Of one kind in one cleaning; the rest comes the next day. */
const MAX_BATCHES = 1_000;
/** Between two batches, so that work goes before tidying. */
const PAUSE_MS = 20;

/** How many days each thing is kept; 0 for ever. */
export type Lifetimes = Readonly<Record<Freed["what"], number>>;

interface Cleaning extends FileParts {
  days: Lifetimes;
  dryRun: boolean;
  /** Ends it early, between two batches. */
  signal?: AbortSignal | undefined;
}

/** Every step of a scope that has a lifetime. One that fails does not keep the others from their work. */
export async function clean(
  scope: RetentionRun["scope"],
  cleaning: Cleaning,
): Promise<Pick<RetentionRun, "freed" | "error">> {
  const { days, signal, log } = cleaning;
  const now = Date.now();
  const freed: Freed[] = [];
  const errors: string[] = [];
  for (const { what, run } of scope === "ledger" ? rowSteps(cleaning) : diskSteps(cleaning)) {
    if (days[what] === 0 || signal?.aborted) continue;
    try {
      freed.push({ what, ...(await run(new Date(now - days[what] * DAY_MS))) });
    } catch (error) {
      log.error({ err: error, scope, what }, "a step of the cleaning failed; it comes again tomorrow");
      errors.push(`${what}: ${toError(error).message}`);
    }
  }
  return { freed, error: errors.length > 0 ? errors.join("; ") : null };
}

interface Step {
  what: Freed["what"];
  run: (before: Date) => Promise<Omit<Freed, "what">>;
}

const rowSteps = (cleaning: Cleaning): Step[] =>
  ledgerSteps.map((step) => ({
    what: step.what,
    run: (before) => (cleaning.dryRun ? step.count(cleaning.db, before) : removeRows(step, before, cleaning)),
  }));

const diskSteps = (cleaning: Cleaning): Step[] =>
  fileSteps.map(({ what, clean: run }) => ({ what, run: (before) => run(cleaning, before, cleaning.dryRun) }));

async function removeRows(step: LedgerStep, before: Date, { db, signal }: Cleaning): Promise<Omit<Freed, "what">> {
  let count = 0;
  let bytes = 0;
  for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
    const gone = await step.remove(db, before, BATCH_ROWS);
    count += gone.count;
    bytes += gone.bytes;
    if (gone.count < BATCH_ROWS || signal?.aborted) break;
    await sleep(PAUSE_MS);
  }
  return { count, bytes };
}
