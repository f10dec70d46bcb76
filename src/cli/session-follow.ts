import type { RunResult } from "../contract/run-result.ts";
import { AppError } from "../lib/errors.ts";
import { wait, within } from "../lib/wait.ts";
import type { ApiClient } from "./api-client.ts";
import type { Progress } from "./session-progress.ts";

/** One question for the result is held open that long. */
const WAIT_SECONDS = 60;
/** A server that does not answer for this long is gone; it may be starting anew. */
const OUTAGE_MS = 60_000;
const RETRY_MS = 1_000;
/** The feed may be a moment behind the result. */
const LAST_EVENTS_MS = 2_000;

const ENDED: readonly RunResult["status"][] = ["succeeded", "failed", "cancelled"];
export const hasEnded = (result: Pick<RunResult, "status">): boolean => ENDED.includes(result.status);

/** A server that cannot be reached right now, as opposed to one that refuses. */
const isOutage = (error: unknown): boolean => error instanceof AppError && error.code === "unavailable";

/**
 * The result once the run has ended, or what is known when the signal aborts. A server that is away for less than a
 * minute is waited for: the run goes on without it.
 */
export async function untilEnded(client: ApiClient, runId: string, signal: AbortSignal): Promise<RunResult> {
  let answered = Date.now();
  for (;;) {
    try {
      const result = await client.result(runId, { wait: WAIT_SECONDS, signal });
      if (hasEnded(result)) return result;
      answered = Date.now();
    } catch (error) {
      if (signal.aborted) return client.result(runId);
      if (!isOutage(error) || Date.now() - answered > OUTAGE_MS) throw error;
      await wait(RETRY_MS, signal);
    }
  }
}

interface Followed {
  sessionId: string;
  runId: string;
  /** The seq after which the run begins. */
  after: number;
}

/** The same, while its feed is printed. */
export async function followRun(
  client: ApiClient,
  { sessionId, runId, after }: Followed,
  { progress, signal }: { progress: Progress; signal: AbortSignal },
): Promise<RunResult> {
  const enough = new AbortController();
  const printing = printRun(
    client,
    { sessionId, runId, after },
    {
      progress,
      signal: AbortSignal.any([signal, enough.signal]),
    },
  );
  try {
    const result = await untilEnded(client, runId, signal);
    if (hasEnded(result)) await within(LAST_EVENTS_MS, printing);
    return result;
  } finally {
    enough.abort();
    await printing;
    progress.end();
  }
}

/** Prints until the run's end is told. Only for people: when the feed is lost it is taken up again, or left. */
async function printRun(
  client: ApiClient,
  { sessionId, runId, after }: Followed,
  { progress, signal }: { progress: Progress; signal: AbortSignal },
): Promise<void> {
  let place = after;
  while (!signal.aborted) {
    try {
      for await (const event of client.follow(sessionId, place, signal)) {
        place = event.seq;
        if (event.runId !== runId) continue;
        progress.event(event);
        if (event.type === "run" && ENDED.some((status) => status === event.data["status"])) return;
      }
    } catch (error) {
      if (error instanceof AppError && error.code !== "unavailable") return;
    }
    await wait(RETRY_MS, signal);
  }
}
