import { setTimeout as sleep } from "node:timers/promises";

interface Parts {
  /** Reads on from where it stands; true when there is more. */
  read: () => Promise<boolean>;
  onError: (error: unknown) => void;
  /** How long `caughtUp` waits at most. */
  patienceMs: number;
}

/** Reads when it is woken, one reading at a time, and never misses a word said while it reads. */
export function createReader({ read, onError, patienceMs }: Parts) {
  const stopped = new AbortController();
  const waiting: (() => void)[] = [];
  let reading: Promise<void> | undefined;
  let again = false;

  async function readOn(): Promise<void> {
    const due: typeof waiting = [];
    try {
      do {
        again = false;
        due.push(...waiting.splice(0));
        if (await read()) again = true;
        else for (const done of due.splice(0)) done();
      } while (again && !stopped.signal.aborted);
    } catch (error) {
      onError(error);
    } finally {
      reading = undefined;
      for (const done of [...due, ...waiting.splice(0)]) done();
    }
  }

  function wake(): void {
    again = true;
    if (!stopped.signal.aborted) reading ??= readOn();
  }

  return {
    wake,
    /** Resolves when all that was there before was read; after a while also when it cannot be. */
    async caughtUp(): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push(resolve);
      wake();
      const late = sleep(patienceMs, undefined, { signal: stopped.signal, ref: false }).catch(() => {});
      await Promise.race([promise, late]);
    },
    async [Symbol.asyncDispose](): Promise<void> {
      stopped.abort();
      await reading;
    },
  };
}
