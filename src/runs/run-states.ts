import type { RunReason, RunStatus } from "../contract/run.ts";
import type { WaitingFor } from "../contract/session.ts";
import { backoffMs } from "../lib/backoff.ts";

/*
 * The life of a run. Whoever moves it holds the session's row lock; the actor also holds the session's lease.
 *
 *   queued ──▶ running ──▶ succeeded | failed | cancelled
 *     │          │  ▲
 *     │          ▼  │
 *     └──────▶ waiting ──▶ cancelled
 *
 *   from → to            who                        on what evidence
 *   (new) → queued       whoever writes a message   the message, in the same transaction
 *   queued → running     the actor                  admission said yes; an attempt is written with it
 *   running → waiting    the actor                  the attempt ended for a reason that passes (below); `wake_at` says when
 *   waiting → running    the actor                  `wake_at` is over and admission said yes; a new attempt
 *   running → succeeded  the actor                  exit code 0 and a last result of success
 *   running → failed     the actor                  any other end that does not pass, or the last attempt
 *   running → cancelled  the actor                  a person asked (stop_requested_at), and Claude has ended
 *   queued, waiting → cancelled   the person who stops   nothing runs, so nothing has to end first
 *
 * A finished run never moves again.
 */

/** What is done after an attempt that ended like this. Anything not named here is final. */
const passing: Partial<Record<RunReason, { baseMs: number; capMs: number; text: string }>> = {
  api_overloaded: { baseMs: 10_000, capMs: 300_000, text: "API overloaded" },
  api_unreachable: { baseMs: 10_000, capMs: 300_000, text: "API not reachable" },
  interrupted: { baseMs: 1_000, capMs: 30_000, text: "interrupted" },
  machine_lost: { baseMs: 1_000, capMs: 30_000, text: "machine lost" },
};

/** After the limit ends all waiting runs want to start: they come back over this span, not in one moment. */
const LIMIT_JITTER_MS = 30_000;
/** When Claude does not say until when. */
const UNKNOWN_LIMIT_MS = 15 * 60_000;
/** A run that met the limit this often will meet it again. */
const MAX_LIMIT_WAITS = 50;

export interface Ending {
  reason: RunReason;
  /** When a usage limit ends, ISO 8601. */
  limitUntil: string | null;
}

export interface RetryPolicy {
  /** Attempts at most, usage limits not counted. */
  maxAttempts: number;
  /** Multiplies all delays; 1 in production. */
  pace: number;
}

export type AfterAttempt =
  | { is: "over"; status: Exclude<RunStatus, "queued" | "running" | "waiting"> }
  | { is: "waiting"; until: Date; waitingFor: WaitingFor };

const finalStatus = (reason: RunReason) => {
  if (reason === "success") return "succeeded";
  return reason === "stopped" ? "cancelled" : "failed";
};

/**
 * Whether a run is over after an attempt, or waits for another. `earlier` are the reasons of the attempts before this
 * one. Pure: the clock and the dice are given.
 */
export function afterAttempt(
  { reason, limitUntil }: Ending,
  earlier: readonly (string | null)[],
  { maxAttempts, pace }: RetryPolicy,
  { now, random }: { now: Date; random: () => number },
): AfterAttempt {
  const over = { is: "over", status: finalStatus(reason) } as const;
  if (reason === "usage_limit") {
    if (earlier.filter((one) => one === "usage_limit").length >= MAX_LIMIT_WAITS) return over;
    const end = limitUntil === null ? now.getTime() + UNKNOWN_LIMIT_MS : Date.parse(limitUntil);
    const until = new Date(Math.max(end, now.getTime()) + random() * LIMIT_JITTER_MS * pace);
    return { is: "waiting", until, waitingFor: { kind: "limit", text: "Usage limit", until: until.toISOString() } };
  }
  const policy = passing[reason];
  const tries = earlier.filter((one) => one !== "usage_limit").length + 1;
  if (!policy || tries >= maxAttempts) return over;
  const until = new Date(now.getTime() + backoffMs(tries, policy, random) * pace);
  const text = `Retry ${tries} of ${maxAttempts - 1}, ${policy.text}`;
  return { is: "waiting", until, waitingFor: { kind: "retry", text, until: until.toISOString() } };
}
