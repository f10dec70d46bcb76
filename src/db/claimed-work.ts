import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../lib/logger.ts";
import { CLAIM_MS, holdClaims } from "./held-claims.ts";
import type { Listener } from "./notify.ts";

const SWEEP_MS = 5_000;
/** What is due and yet could not be claimed (it waits behind another one) is not looked for more often. */
const SOONEST_MS = 100;
/** How long a stop waits for what is on its way. */
const DRAIN_MS = 3_000;

interface ClaimedWork<T extends { claim: string }> {
  /** What is worked on, in log lines. */
  name: string;
  listener: Pick<Listener, "listen" | "onResync">;
  /** NOTIFY channel that says: there is something new. */
  channel: string;
  log: Logger;
  maxAtOnce: number;
  clock: () => Date;
  /** Takes what is due longest, for this process alone; undefined when nothing is due. */
  claimNext: (claimMs: number) => Promise<T | undefined>;
  /** When the next one that waits is due; undefined when none waits. */
  findNextDue: () => Promise<Date | undefined>;
  /** Holds claims for longer; returns those that are still ours. */
  renew: (claims: readonly string[], claimMs: number) => Promise<ReadonlySet<string | null>>;
  /** Works on it and writes what became of it. `cut` aborts when the claim is lost. */
  work: (claimed: T, signals: { cut: AbortSignal; stopped: AbortSignal }) => Promise<void>;
}

/**
 * Works off a table: claims what is due, works on it, and looks again. Any number of processes may do so on one
 * database; what this one was not told (a notice got lost, a worker died) a sweep finds.
 */
export async function startClaimedWork<T extends { claim: string }>(parts: ClaimedWork<T>): Promise<AsyncDisposable> {
  const { name, listener, log, clock } = parts;
  const held = holdClaims({ renew: parts.renew, name, log });
  const stopped = new AbortController();
  let looking: Promise<void> | undefined;
  let again = false;
  let soon: NodeJS.Timeout | undefined;

  /** Claims until nothing is due or all hands are full. Whoever calls it meanwhile is not forgotten. */
  function look(): void {
    again = true;
    looking ??= lookRound()
      .catch((error: unknown) => log.warn({ err: error, name }, "looking for work failed; the sweep looks again"))
      .finally(() => {
        looking = undefined;
        if (again) look();
      });
  }

  async function lookRound(): Promise<void> {
    again = false;
    while (!stopped.signal.aborted && held.size < parts.maxAtOnce) {
      const claimed = await parts.claimNext(CLAIM_MS);
      if (!claimed) return lookAt(await parts.findNextDue());
      held.during(claimed.claim, (cut) => carry(claimed, cut));
    }
  }

  async function carry(claimed: T, cut: AbortSignal): Promise<void> {
    try {
      await parts.work(claimed, { cut, stopped: stopped.signal });
    } catch (error) {
      log.error({ err: error, name }, "what became of a piece of work could not be recorded; its claim runs out");
    }
    // What waited behind it: for its thread, its address or a free hand.
    setImmediate(look);
  }

  /** The sweep would find it within 5 s; this is for what is due before. */
  function lookAt(at: Date | undefined): void {
    const ms = at === undefined ? Infinity : at.getTime() - clock().getTime();
    clearTimeout(soon);
    if (ms < SWEEP_MS) soon = setTimeout(look, Math.max(SOONEST_MS, ms)).unref();
  }

  await listener.listen(parts.channel, look);
  listener.onResync(look);
  look();
  const sweeping = setInterval(look, SWEEP_MS);

  return {
    /** Begins nothing new, and lets what is on its way end if it does so soon. */
    async [Symbol.asyncDispose](): Promise<void> {
      stopped.abort();
      clearInterval(sweeping);
      clearTimeout(soon);
      await looking;
      await Promise.race([held.allDone(), sleep(DRAIN_MS, undefined, { ref: false })]);
      held.cutAll("The server was stopped while it was on its way");
      await held.allDone();
      held.stopRenewing();
    },
  };
}
