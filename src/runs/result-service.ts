import type { RunResult } from "../contract/run-result.ts";
import type { Database } from "../db/database.ts";
import { AppError } from "../lib/errors.ts";
import type { Feed } from "../sessions/feed.ts";
import { findRunResult, hasEnded, type DiffSummary } from "./run-result-queries.ts";

export type ResultService = ReturnType<typeof createResultService>;

interface Parts {
  db: Database;
  feed: Pick<Feed, "follow" | "skipAhead">;
  summarizeDiff: (sessionId: string) => Promise<DiffSummary>;
  /** Where people reach this server. */
  baseUrl: () => string;
}

/** Requests of this process that wait at once; the next one is answered without waiting. */
const MAX_WAITERS = 500;
/** An answer does not wait long for numbers that make it nicer. */
const DIFF_MS = 5_000;

const late = <T>(ms: number, value: T) =>
  new Promise<T>((resolve) => void setTimeout(() => resolve(value), ms).unref());

/** What became of a run, for callers who ask and for those who wait. */
export function createResultService({ db, feed, summarizeDiff, baseUrl }: Parts) {
  let waiters = 0;

  async function read(runId: string): Promise<RunResult> {
    const result = await findRunResult(db, runId, baseUrl());
    if (!result) throw new AppError("not_found", `There is no run ${runId}`);
    return result;
  }

  async function get(runId: string): Promise<RunResult> {
    const result = await read(runId);
    if (!hasEnded(result)) return result;
    const diff = await Promise.race([summarizeDiff(result.sessionId).catch(() => null), late(DIFF_MS, null)]);
    return { ...result, diff };
  }

  return {
    get,

    /** The result once the run has ended; null when it has not after `seconds`, or when the caller went away. */
    async wait(runId: string, seconds: number, signal: AbortSignal): Promise<RunResult | null> {
      const { sessionId, status } = await read(runId);
      if (hasEnded({ status })) return get(runId);
      if (seconds === 0 || waiters >= MAX_WAITERS) return null;
      const enough = AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000)]);
      await feed.skipAhead();
      waiters += 1;
      let woken = Promise.withResolvers<void>();
      const end = feed.follow(({ events, resync }) => {
        if (resync || events.some((event) => event.type === "run" && event.sessionId === sessionId)) woken.resolve();
      });
      enough.addEventListener("abort", () => woken.resolve(), { once: true });
      try {
        for (;;) {
          woken = Promise.withResolvers();
          // Read after the wake-up is in place: an end in between is not missed.
          if (hasEnded(await read(runId))) return await get(runId);
          if (enough.aborted) return null;
          await woken.promise;
        }
      } finally {
        end();
        waiters -= 1;
      }
    },
  };
}
