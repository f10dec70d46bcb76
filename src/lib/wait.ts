import { setTimeout as sleep } from "node:timers/promises";

/** Waits, or returns early when the signal aborts. */
export async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}

/** Waits for the promise, but not longer than this; leaves no timer behind that would hold the process. */
export async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  await Promise.race([promise, wait(ms, done.signal)]);
  done.abort();
}
