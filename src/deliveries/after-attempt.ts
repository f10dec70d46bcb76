import { backoffMs } from "../lib/backoff.ts";
import type { Outcome } from "./channel.ts";

/** When it is tried again, and when no more. */
export interface RetryPace {
  baseMs: number;
  capMs: number;
  /** The longest that a receiver may ask us to wait by Retry-After. */
  maxRetryAfterMs: number;
}

export const retryPace: RetryPace = { baseMs: 1_000, capMs: 15 * 60_000, maxRetryAfterMs: 60 * 60_000 };

/** A delivery that does not get through is given up after this. */
export const GIVE_UP_MS = 24 * 3_600_000;

export type Verdict =
  | { status: "delivered" }
  | { status: "failed"; error: string }
  | { status: "pending"; nextAt: Date; inDoubt: boolean; error: string };

/**
 * What an attempt means for its delivery: done, given up, or when the next one is. The last attempt is at the deadline
 * itself, so that a long wait does not swallow it.
 */
export function afterAttempt(
  outcome: Outcome,
  { attempt, deadline, inDoubt }: { attempt: number; deadline: Date; inDoubt: boolean },
  { now, random, pace }: { now: Date; random: () => number; pace: RetryPace },
): Verdict {
  if (outcome.is === "delivered") return { status: "delivered" };
  if (outcome.is === "refused") return { status: "failed", error: outcome.error };
  if (now >= deadline) return { status: "failed", error: `Given up: ${outcome.error}` };
  const asked = outcome.is === "not_now" ? Math.min(outcome.retryAfterMs ?? 0, pace.maxRetryAfterMs) : 0;
  const waitMs = Math.max(asked, backoffMs(attempt, pace, random));
  return {
    status: "pending",
    nextAt: new Date(Math.min(now.getTime() + waitMs, deadline.getTime())),
    // That this attempt was turned away says nothing about an earlier one whose answer was lost.
    inDoubt: inDoubt || outcome.is === "unknown",
    error: outcome.error,
  };
}
