import type { Outcome } from "../claude/claude-outcome.ts";
import type { SessionStatus } from "../contract/session.ts";
import type { Database, Transaction } from "../db/database.ts";
import { queueCallbacks } from "../deliveries/callback-queries.ts";
import { queueToThreads } from "../deliveries/thread-queries.ts";
import { closeOpenCalls, toolEvent } from "../hooks/command-log-queries.ts";
import { findPendingSteers, insertMessage } from "../messages/message-queries.ts";
import type { Nudge } from "../queue/queue.ts";
import { appendEvents } from "../sessions/event-queries.ts";
import { lockSession, moveSession, updateSession } from "../sessions/session-queries.ts";
import { tellSubscribers } from "../subscriptions/tell-subscribers-queries.ts";
import { findNextWaiting, recordLimit } from "./admission-queries.ts";
import { closeAttempt, closeRun, findEarlierReasons, markWaiting } from "./attempt-queries.ts";
import { fence, type Lease } from "./lease-queries.ts";
import { findDueRun, findStopRequest, queueRun, type DueRun } from "./run-queries.ts";
import { afterAttempt, type AfterAttempt, type RetryPolicy } from "./run-states.ts";
import { firstLine } from "./stream-batch.ts";

/** How a run ended, with what only the worker knows beside Claude's own account. */
export interface RunEnd extends Omit<Outcome, "cumulativeCostUsd"> {
  /** Null when Claude told nothing new: the session's total stays. */
  cumulativeCostUsd: number | null;
  exitCode: number | null;
  stderrTail: string | null;
}

const restingStatus: Record<"succeeded" | "failed" | "cancelled", SessionStatus> = {
  succeeded: "completed",
  failed: "failed",
  cancelled: "cancelled",
};

/** Exactly one answer to each message: what Claude said, or why it did not, in words for a person. */
const answerOf = ({ answer, error }: RunEnd): string =>
  error ?? (answer?.trim() ? answer : "Claude ended without an answer.");

/** Messages meant for the run that Claude never took in are not lost: each becomes a run of its own. */
async function queueLeftSteers(tx: Transaction, run: { id: string; sessionId: string }): Promise<void> {
  for (const message of await findPendingSteers(tx, run.id)) {
    const session = await lockSession(tx, run.sessionId);
    if (session) await queueRun(tx, session, message.id);
  }
}

interface Ended {
  run: DueRun["run"];
  attempt: number;
  retry: RetryPolicy;
}

/**
 * Writes the end of an attempt: cost and outcome, and either the answer or when the next attempt begins. One
 * transaction, fenced by the lease: it happens once, whoever else believes to hold the session. Returns when the run
 * goes on, undefined when it is over.
 */
export function finishRun(
  { db, nudge, lease }: { db: Database; nudge: Nudge; lease: Lease },
  { run, attempt, retry }: Ended,
  end: RunEnd,
): Promise<Date | undefined> {
  return db.transaction().execute(async (tx) => {
    await fence(tx, lease);
    const session = await lockSession(tx, run.sessionId);
    if (!session) return undefined;
    const earlier = await findEarlierReasons(tx, { runId: run.id, attempt });
    const stopRequest = await findStopRequest(tx, run.id);
    const next = afterAttempt(end, earlier, retry, { now: new Date(), random: Math.random });
    await closeAttempt(tx, { runId: run.id, attempt }, end);
    if (end.reason === "usage_limit" && end.limitUntil) await recordLimit(tx, end.limitUntil);
    await settleSession(tx, session, end);
    if (next.is === "waiting" && !stopRequest?.stopRequestedAt) await park(tx, { run, attempt }, { end, next });
    else await conclude(tx, run, { end, status: next.is === "over" ? next.status : "cancelled" });
    for (const sessionId of await findNextWaiting(tx, session)) await nudge(tx, session.workerId, sessionId);
    return next.is === "waiting" ? next.until : undefined;
  });
}

/** What the attempt cost, and the calls whose result nobody will hear of any more. */
async function settleSession(
  tx: Transaction,
  session: { id: string; costUsd: number; cumulativeCostUsd: number },
  { costUsd, cumulativeCostUsd }: RunEnd,
): Promise<void> {
  await updateSession(tx, session.id, {
    costUsd: session.costUsd + (costUsd ?? 0),
    cumulativeCostUsd: cumulativeCostUsd ?? session.cumulativeCostUsd,
  });
  const closed = await closeOpenCalls(tx, session.id, "Claude ended before the result of this call was known.");
  if (closed.length > 0) await appendEvents(tx, session.id, closed.map(toolEvent));
}

/** The run goes on later: why and when stands in the ledger, and nothing of it is held. */
async function park(
  tx: Transaction,
  { run, attempt }: { run: DueRun["run"]; attempt: number },
  { end, next: { until, waitingFor } }: { end: RunEnd; next: Extract<AfterAttempt, { is: "waiting" }> },
): Promise<void> {
  await markWaiting(tx, run.id, waitingFor);
  const data = { runId: run.id, number: run.number, status: "waiting", attempt, reason: end.reason, waitingFor };
  await appendEvents(tx, run.sessionId, [{ type: "run", key: `run:${run.id}`, runId: run.id, data }]);
  await moveSession(tx, run.sessionId, {
    status: "waiting",
    waitingFor,
    wakeAt: until,
    activity: firstLine(end.error ?? waitingFor.text),
  });
}

/** The run is over: exactly one answer, and the session rests or goes on with what waits. */
async function conclude(
  tx: Transaction,
  run: DueRun["run"],
  { end, status }: { end: RunEnd; status: keyof typeof restingStatus },
): Promise<void> {
  const reason = status === "cancelled" ? "stopped" : end.reason;
  const { error, structuredOutput } = end;
  await closeRun(tx, run.id, { status, reason, error, structuredOutput });
  const content = answerOf(end);
  const message = await insertMessage(tx, {
    sessionId: run.sessionId,
    runId: run.id,
    direction: "outbound",
    source: "claude",
    content,
    metadata: reason === "success" ? {} : { reason },
  });
  await queueLeftSteers(tx, run);
  const { id: runId, sessionId } = run;
  await queueCallbacks(tx, { id: runId, sessionId });
  await queueToThreads(tx, { sessionId, runId, messageId: message.id, topic: "run.finished" });
  const next = await findDueRun(tx, run.sessionId);
  await appendEvents(tx, run.sessionId, [
    { type: "message", runId: run.id, data: { messageId: message.id, direction: "outbound" } },
    { type: "run", key: `run:${run.id}`, runId: run.id, data: { runId: run.id, number: run.number, status, reason } },
  ]);
  await moveSession(tx, run.sessionId, {
    status: next ? "queued" : restingStatus[status],
    lastReason: reason,
    activity: firstLine(content),
    wakeAt: null,
  });
  await tellSubscribers(tx, { type: "run.finished", sessionId, runId });
}
