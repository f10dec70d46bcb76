import { setTimeout as sleep } from "node:timers/promises";
import { backoffMs } from "../lib/backoff.ts";
import type { Logger } from "../lib/logger.ts";
import type { Database } from "./database.ts";
import { releaseAlone, renewAlone, takeAlone, type Claim } from "./hold-alone-queries.ts";

export interface HoldAlone {
  db: Database;
  /** What is held, the same in every process. */
  name: string;
  /** Who holds it, for people who look into the table. */
  holder: string;
  log: Logger;
  /** What one process of the cluster does. It ends soon after its signal aborts; when it ends or throws before, it is begun again. */
  work: (signal: AbortSignal) => Promise<void>;
}

const RENEWAL_MS = 5_000;
/** A holder that could not renew for so long stops its work before the lease of 15 s runs out and another begins. */
const UNRENEWED_MS = 9_000;
const BEGIN_AGAIN = { baseMs: 500, capMs: 30_000 };

/** Does `work` in exactly one process of those that ask for it: when that one stops or dies, another goes on within 20 s. */
export function holdAlone({ db, name, holder, log, work }: HoldAlone): AsyncDisposable {
  const stopped = new AbortController();
  let failures = 0;

  async function waitForTurn(): Promise<void> {
    while (!stopped.signal.aborted) {
      const claim = await takeAlone(db, name, holder).catch((error: unknown) => {
        log.warn({ err: error, name }, "asking for a sole hold failed; trying again");
      });
      const waitMs = claim ? await hold(claim) : RENEWAL_MS;
      await sleep(waitMs, undefined, { signal: stopped.signal }).catch(() => {});
    }
  }

  /** Works while it holds the claim; returns how long to wait before it asks again. */
  async function hold(claim: Claim): Promise<number> {
    const lost = new AbortController();
    const renewing = keep(claim, lost);
    const began = performance.now();
    try {
      await work(AbortSignal.any([stopped.signal, lost.signal]));
      failures = 0;
    } catch (error) {
      if (!stopped.signal.aborted) log.warn({ err: error, name }, "work that is held alone failed; it is begun again");
      failures = performance.now() - began > BEGIN_AGAIN.capMs ? 1 : failures + 1;
    }
    clearInterval(renewing);
    await releaseAlone(db, claim).catch(() => {}); // Not released, it runs out.
    return backoffMs(failures, BEGIN_AGAIN);
  }

  function keep(claim: Claim, lost: AbortController): NodeJS.Timeout {
    let renewedAt = performance.now();
    const lose = () => lost.abort(new Error(`Another process holds ${name} by now`));
    async function renew(): Promise<void> {
      const asked = performance.now();
      if (asked - renewedAt > UNRENEWED_MS) lose();
      if (await renewAlone(db, claim)) renewedAt = asked;
      else lose();
    }
    return setInterval(
      () => void renew().catch((error: unknown) => log.warn({ err: error, name }, "renewing a sole hold failed")),
      RENEWAL_MS,
    );
  }

  const waiting = waitForTurn();
  return {
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await waiting;
    },
  };
}
