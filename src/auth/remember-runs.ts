import type { VerifyRunToken } from "./who-is-asking.ts";

/** How long a token that was right is taken for right. It is good for a minute after its run has ended anyway. */
const REMEMBER_MS = 5_000;
const MAX_REMEMBERED = 1_000;

interface Known {
  run: ReturnType<VerifyRunToken>;
  until: number;
}

/**
 * Asks the ledger once in a while instead of at each hook of a run; those that come together wait for one answer. A
 * token that is not known, or could not be looked up, is asked for again each time.
 */
export function rememberRuns(verify: VerifyRunToken, clock: () => number = () => performance.now()): VerifyRunToken {
  const known = new Map<string, Known>();

  async function ask(hash: string): ReturnType<VerifyRunToken> {
    try {
      const run = await verify(hash);
      if (!run) known.delete(hash);
      return run;
    } catch (error) {
      known.delete(hash);
      throw error;
    }
  }

  return (hash) => {
    const now = clock();
    const found = known.get(hash);
    if (found && now < found.until) return found.run;
    known.delete(hash);
    const run = ask(hash);
    known.set(hash, { run, until: now + REMEMBER_MS });
    const oldest = known.keys().next();
    if (known.size > MAX_REMEMBERED && !oldest.done) known.delete(oldest.value);
    return run;
  };
}
