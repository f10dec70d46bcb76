import type { Database } from "../db/database.ts";
import type { Logger } from "../lib/logger.ts";
import { startRepeating } from "../lib/repeat.ts";
import { findKnownAttempts, type KnownAttempt } from "./reaper-queries.ts";

const INTERVAL_MS = 60_000;
/** What a run writes into the environment of all its processes: its id and the number of the attempt. */
const MARKER = /^([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})\.(\d+)$/;

interface Marked {
  pid: number;
  marker: string;
}

interface Parts {
  db: Database;
  log: Logger;
  /** All processes of this machine that carry a run's marker with this beginning, whoever started them. */
  findMarked: (prefix: string) => Promise<readonly Marked[]>;
  /** Ends all processes with this very marker; says how many. */
  sweep: (marker: string) => Promise<number>;
}

export interface ClaudeProcesses {
  /** Lives of Claude whose attempt is on. */
  live: number;
  /** Processes left by attempts that are over: the next look ends them. */
  orphaned: number;
}

export type Reaper = Awaited<ReturnType<typeof startReaper>>;

/**
 * Ends what runs left behind and nobody ended: at start and every minute. Only processes whose marker names a run of
 * this ledger, and an attempt that is over or never was: those of live attempts and of other installations are left alone.
 */
export async function startReaper({ db, log, findMarked, sweep }: Parts) {
  let ended = 0;

  async function look(): Promise<{ live: Set<string>; orphans: Marked[] }> {
    const marked = await findMarked("");
    // Started by a run ourselves (somebody works on this program with it): what carries that mark is our own family.
    const own = marked.find(({ pid }) => pid === process.pid)?.marker;
    const runIds = new Set(marked.flatMap(({ marker }) => MARKER.exec(marker)?.[1] ?? []));
    const known = runIds.size === 0 ? [] : await findKnownAttempts(db, [...runIds]);
    const judged = marked.filter(({ marker }) => marker !== own).map((one) => ({ one, is: judge(one.marker, known) }));
    return {
      live: new Set(judged.filter(({ is }) => is === "live").map(({ one }) => one.marker)),
      orphans: judged.filter(({ is }) => is === "orphan").map(({ one }) => one),
    };
  }

  async function reap(): Promise<void> {
    const { orphans } = await look();
    for (const marker of new Set(orphans.map((one) => one.marker))) {
      const count = await sweep(marker);
      ended += count;
      log.warn({ runId: marker.split(".")[0], marker, count }, "ended processes that a run had left behind");
    }
  }

  const onError = (error: unknown) =>
    log.warn({ err: error }, "looking for processes left behind failed; it comes again");
  await reap().catch(onError);
  const repeating = startRepeating(reap, { intervalMs: INTERVAL_MS, onError });

  return {
    reap,
    /** Processes ended since the start. */
    get ended(): number {
      return ended;
    },
    /** For gauges: what runs now, live and left behind. */
    async count(): Promise<ClaudeProcesses> {
      const { live, orphans } = await look();
      return { live: live.size, orphaned: orphans.length };
    },
    [Symbol.asyncDispose]: () => repeating[Symbol.asyncDispose](),
  };
}

/** What a marker means to this ledger. */
function judge(marker: string, known: readonly KnownAttempt[]): "live" | "orphan" | "foreign" {
  const [, runId, number] = MARKER.exec(marker) ?? [];
  const attempts = known.filter((one) => one.runId === runId);
  if (attempts.length === 0) return "foreign";
  const attempt = attempts.find((one) => one.attempt === Number(number));
  return attempt && !attempt.isOver ? "live" : "orphan";
}
