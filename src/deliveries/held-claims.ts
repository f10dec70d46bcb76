import type { Database } from "../db/database.ts";
import type { Logger } from "../lib/logger.ts";
import { renewClaims } from "./claim-queries.ts";

export const CLAIM_MS = 15_000;
const RENEWAL_MS = 5_000;
/** A sender that could not renew for so long gives up before its claim runs out and another begins. */
const UNRENEWED_MS = 9_000;

interface Held {
  cut: AbortController;
  done: Promise<void>;
  renewedAt: number;
}

const lose = (cut: AbortController): void => cut.abort(new Error("The claim of this delivery was lost"));

/** The deliveries that this process is sending: their claims are renewed, and what loses its claim is cut off. */
export function holdClaims({ db, log }: { db: Database; log: Logger }) {
  const held = new Map<string, Held>();

  /** What could not be renewed is cut off first: the renewal itself may hang with the database. */
  async function renew(): Promise<void> {
    const [began, asked] = [performance.now(), [...held]];
    for (const [, { renewedAt, cut }] of asked) if (began - renewedAt > UNRENEWED_MS) lose(cut);
    if (asked.length === 0) return;
    const claims = asked.map(([claim]) => claim);
    const renewed = await renewClaims(db, claims, CLAIM_MS);
    for (const [claim, sending] of asked) {
      if (renewed.has(claim)) sending.renewedAt = began;
      else lose(sending.cut);
    }
  }
  const warn = (error: unknown) => log.warn({ err: error }, "renewing claims of deliveries failed; it is tried again");
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
