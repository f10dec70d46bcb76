import { setTimeout as sleep } from "node:timers/promises";

interface Repetition {
  intervalMs: number;
  /** Before the first time; the interval when absent. */
  firstMs?: number;
  /** Hears of a turn that failed; the next one comes all the same. */
  onError: (error: unknown) => void;
}

/** Does `task` again and again, never twice at once, until it is disposed of; that waits for the turn that is on. */
export function startRepeating(
  task: (signal: AbortSignal) => Promise<unknown>,
  { intervalMs, firstMs = intervalMs, onError }: Repetition,
): AsyncDisposable {
  const stopped = new AbortController();

  async function repeat(): Promise<void> {
    for (let waitMs = firstMs; await pause(waitMs, stopped.signal); waitMs = intervalMs)
      await task(stopped.signal).catch(onError);
  }

  const repeating = repeat();
  return {
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await repeating;
    },
  };
}

/** False when it was cut short. The process may end while it waits. */
const pause = (ms: number, signal: AbortSignal): Promise<boolean> =>
  sleep(ms, true, { signal, ref: false }).catch(() => false);
