import { setTimeout as sleep } from "node:timers/promises";
import type { Listener } from "../db/notify.ts";
import type { Logger } from "../lib/logger.ts";
import { retryPace, type RetryPace } from "./after-attempt.ts";
import type { AttemptParts } from "./attempt-delivery.ts";
import { carryDelivery } from "./carry-delivery.ts";
import { claimDelivery, type Claimed } from "./claim-queries.ts";
import { OUTBOX } from "./delivery-queries.ts";
import { CLAIM_MS, holdClaims } from "./held-claims.ts";

/** Sends at once in one process; each goes to another address. */
const MAX_AT_ONCE = 16;
const SWEEP_MS = 5_000;
/** How long a stop waits for what is on its way; what is cut off then is in doubt. */
const DRAIN_MS = 3_000;

export interface DelivererParts extends AttemptParts {
  listener: Pick<Listener, "listen" | "onResync">;
  log: Logger;
  /** For tests. */
  pace?: RetryPace;
  clock?: () => Date;
  random?: () => number;
}

/**
 * Empties the outbox: claims what is due, attempts it, writes what became of it, and looks again. Any number of
 * processes may do so on one database; what this one was not told (a notice got lost, a sender died) a sweep finds.
 */
export async function startDeliverer(parts: DelivererParts) {
  const { db, listener, log, channels, pace = retryPace, clock = () => new Date(), random = Math.random } = parts;
  const kinds = channels.map(({ kind }) => kind);
  const held = holdClaims(parts);
  const stopped = new AbortController();
  let looking: Promise<void> | undefined;
  let again = false;

  /** Claims until nothing is due or all hands are full. Whoever calls it meanwhile is not forgotten. */
  function look(): void {
    again = true;
    looking ??= lookRound()
      .catch((error: unknown) => log.warn({ err: error }, "looking for deliveries failed; the sweep looks again"))
      .finally(() => {
        looking = undefined;
        if (again) look();
      });
  }

  async function lookRound(): Promise<void> {
    again = false;
    while (!stopped.signal.aborted && held.size < MAX_AT_ONCE) {
      const claimed = await claimDelivery(db, { kinds, now: clock(), claimMs: CLAIM_MS });
      if (!claimed) return;
      held.during(claimed.claim, (signal) => carry(claimed, signal));
    }
  }

  async function carry(claimed: Claimed, signal: AbortSignal): Promise<void> {
    try {
      const next = await carryDelivery({ ...parts, pace, clock, random, stopped: stopped.signal }, claimed, signal);
      if (next) lookAt(next);
    } catch (error) {
      log.error({ err: error, deliveryId: claimed.id }, "a delivery could not be recorded; its claim runs out");
    }
    // What waited behind it: for its thread, its address or a free hand.
    setImmediate(look);
  }

  /** The sweep would find it within 5 s; this is for waits that are shorter. */
  function lookAt(at: Date): void {
    const ms = at.getTime() - clock().getTime();
    if (ms < SWEEP_MS) setTimeout(look, Math.max(0, ms)).unref();
  }

  await listener.listen(OUTBOX, look);
  listener.onResync(look);
  look();
  const sweeping = setInterval(look, SWEEP_MS);

  return {
    /** Begins nothing new, and lets what is on its way arrive if it does so soon. */
    async [Symbol.asyncDispose](): Promise<void> {
      stopped.abort();
      clearInterval(sweeping);
      await looking;
      await Promise.race([held.allDone(), sleep(DRAIN_MS, undefined, { ref: false })]);
      held.cutAll("The server was stopped while it was on its way");
      await held.allDone();
      held.stopRenewing();
    },
  };
}
