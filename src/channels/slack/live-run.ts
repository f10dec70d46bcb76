import { setTimeout as sleep } from "node:timers/promises";
import { toError } from "../../lib/errors.ts";
import { liveContent } from "./live-content.ts";
import { createLiveMessage, type LiveParts } from "./live-message.ts";
import { openThread } from "./open-thread.ts";
import { findRunEvents, findRunNow, type LiveThread, type RunNow } from "./progress-queries.ts";
import { createRunView } from "./run-view.ts";
import { failureOf } from "./slack-failure.ts";

/** Wakes a run's message when something happened. */
export interface Wake {
  wake(): void;
  /** Resolves at the next wake, also at one since the last call, and after a while anyway. */
  next(signal: AbortSignal): Promise<void>;
}

/** How late something is that nobody told us of. */
const LOOK_MS = 5_000;
/** After a failure. */
const AGAIN_MS = 2_000;

export function createWake(): Wake {
  let due = true;
  let waiting = new AbortController();
  return {
    wake() {
      due = true;
      waiting.abort();
    },
    async next(signal) {
      if (!due) await sleep(LOOK_MS, undefined, { signal: AbortSignal.any([waiting.signal, signal]) }).catch(() => {});
      due = false;
      waiting = new AbortController();
    },
  };
}

/** Least time between two changes of a message, so that all of a workspace stay below what Slack takes a minute. */
export function paceMs(mode: "stream" | "edit", liveMessages: number): number {
  const [least, share] = mode === "stream" ? [1_000, 650] : [1_250, 1_250];
  return Math.max(least, share * liveMessages);
}

const isOver = (now: RunNow | undefined): boolean =>
  now === undefined || ["succeeded", "failed", "cancelled"].includes(now.status);

/** Shows one run in one thread until it is over, or `signal` aborts. Never throws. */
export async function followRun(
  parts: LiveParts,
  thread: LiveThread,
  { wake, signal, count }: { wake: Wake; signal: AbortSignal; count: () => number },
): Promise<void> {
  const { db, log } = parts;
  const { runId, sessionId, threadId, verbosity } = thread;
  const view = createRunView();
  let message: ReturnType<typeof createLiveMessage> | undefined;
  let last = "";

  /** How long to leave it alone; undefined when there is no more to show. */
  async function look(): Promise<number | undefined> {
    const now = await findRunNow(db, runId);
    if (now === undefined || isOver(now)) return undefined;
    view.take(await findRunEvents(db, { sessionId, runId, after: view.seq }));
    const content = liveContent(now, view, verbosity);
    const told = JSON.stringify(content);
    if (content === undefined || told === last) return 0;
    message ??= createLiveMessage(parts, {
      thread,
      spot: (await openThread(parts, threadId, signal)).spot,
      user: now.askedBy,
    });
    const shown = await message.show(content, signal);
    if (shown === "over") return undefined;
    if (shown === "shown") last = told;
    else wake.wake();
    return paceMs(message.mode, count());
  }

  while (!signal.aborted) {
    await wake.next(signal);
    if (signal.aborted) return;
    const waitMs = await look().catch((error: unknown) => {
      if (signal.aborted) return undefined;
      const failure = failureOf(error);
      log.warn(
        { runId, failure: failure.is, reason: toError(error).message },
        "showing a run in Slack failed; trying again",
      );
      wake.wake();
      return failure.is === "limited" ? failure.retryAfterMs : AGAIN_MS;
    });
    if (waitMs === undefined) return;
    await sleep(waitMs, undefined, { signal }).catch(() => {});
  }
}
