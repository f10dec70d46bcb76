import type { Logger } from "../lib/logger.ts";

export const CLAIM_MS = 15_000;
const RENEWAL_MS = 5_000;
/** Work that could not be renewed for so long is cut off before its claim runs out and another process begins. */
const UNRENEWED_MS = 9_000;

interface Held {
  cut: AbortController;
  done: Promise<void>;
  renewedAt: number;
}

const lose = (cut: AbortController): void => cut.abort(new Error("The claim was lost"));

interface Parts {
  /** What is held, in log lines. */
  name: string;
  /** Holds claims for longer; returns those that are still ours. */
  renew: (claims: readonly string[], claimMs: number) => Promise<ReadonlySet<string | null>>;
  log: Logger;
}

/** What this process is working on: the claims are renewed, and what loses its claim is cut off. */
export function holdClaims({ name, renew: renewClaims, log }: Parts) {
  const held = new Map<string, Held>();

  /** What could not be renewed is cut off first: the renewal itself may hang with the database. */
  async function renew(): Promise<void> {
    const [began, asked] = [performance.now(), [...held]];
    for (const [, { renewedAt, cut }] of asked) if (began - renewedAt > UNRENEWED_MS) lose(cut);
    if (asked.length === 0) return;
    const claims = asked.map(([claim]) => claim);
    const renewed = await renewClaims(claims, CLAIM_MS);
    for (const [claim, work] of asked) {
      if (renewed.has(claim)) work.renewedAt = began;
      else lose(work.cut);
    }
  }
  const warn = (error: unknown) => log.warn({ err: error, name }, "renewing claims failed; it is tried again");
  const renewing = setInterval(() => void renew().catch(warn), RENEWAL_MS);

  return {
    get size(): number {
      return held.size;
    },

    /** Holds a claim while `work`, which must not reject, goes on; its signal aborts when the claim is lost. */
    during(claim: string, work: (signal: AbortSignal) => Promise<void>): void {
      const cut = new AbortController();
      const renewedAt = performance.now();
      const done = work(cut.signal).finally(() => held.delete(claim));
      held.set(claim, { cut, done, renewedAt });
    },

    allDone: (): Promise<unknown> => Promise.all([...held.values()].map(({ done }) => done)),

    cutAll(reason: string): void {
      for (const { cut } of held.values()) cut.abort(new Error(reason));
    },

    stopRenewing: (): void => clearInterval(renewing),
  };
}
