import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../lib/logger.ts";
import { afterAttempt, type RetryPace, type Verdict } from "./after-attempt.ts";
import { attemptDelivery, type AttemptParts } from "./attempt-delivery.ts";
import type { Outcome } from "./channel.ts";
import { settleDelivery, type Claimed } from "./claim-queries.ts";

export interface CarryParts extends AttemptParts {
  log: Logger;
  pace: RetryPace;
  clock: () => Date;
  random: () => number;
  /** Aborts when the process stops: what cannot be written then is left to the claim's end. */
  stopped: AbortSignal;
}

/** No attempt takes longer, whatever its channel thinks. */
const ATTEMPT_MS = 60_000;
const SETTLE_RETRY_MS = 500;

/** One attempt, and what became of it in the ledger. */
export async function carryDelivery(parts: CarryParts, claimed: Claimed, cut: AbortSignal): Promise<void> {
  const { log, pace, clock, random } = parts;
  const signal = AbortSignal.any([cut, AbortSignal.timeout(ATTEMPT_MS)]);
  const { outcome, inDoubt } = await attemptDelivery(parts, claimed, signal);
  const facts = { attempt: claimed.attempts, deadline: claimed.deadline, inDoubt };
  const now = clock();
  const verdict = afterAttempt(outcome, facts, { now, random, pace });
  const ours = await settle(parts, claimed, { outcome, verdict, now });
  const { id: deliveryId, kind, attempts } = claimed;
  if (!ours) {
    log.warn({ deliveryId, kind, outcome: outcome.is }, "a delivery was taken over by another sender");
    return;
  }
  log[verdict.status === "failed" ? "warn" : "info"](
    { deliveryId, kind, attempts, status: verdict.status },
    "delivery attempted",
  );
}

/** What is known of an attempt must not be lost: while the database is away it is written again and again. */
async function settle(
  { db, log, stopped }: CarryParts,
  claimed: Claimed,
  end: { outcome: Outcome; verdict: Verdict; now: Date },
): Promise<boolean> {
  for (;;) {
    try {
      return await settleDelivery(db, claimed, end);
    } catch (error) {
      if (stopped.aborted) throw error;
      log.warn({ err: error, deliveryId: claimed.id }, "recording a delivery failed; trying again");
      await sleep(SETTLE_RETRY_MS);
    }
  }
}
