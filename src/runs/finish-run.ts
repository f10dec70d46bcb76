import type { Outcome } from "../claude/claude-outcome.ts";
import type { RunReason } from "../contract/run.ts";
import type { SessionStatus } from "../contract/session.ts";
import type { Database, Transaction } from "../db/database.ts";
import { closeOpenCalls, toolEvent } from "../hooks/command-log-queries.ts";
import { findPendingSteers, insertMessage } from "../messages/message-queries.ts";
import type { Nudge } from "../queue/queue.ts";
import { appendEvents } from "../sessions/event-queries.ts";
import { lockSession, moveSession } from "../sessions/session-queries.ts";
import { closeRun, findNextWaiting } from "./attempt-queries.ts";
import { fence, type Lease } from "./lease-queries.ts";
import { findDueRun, queueRun, type DueRun } from "./run-queries.ts";

/** How a run ended, with what only the worker knows beside Claude's own account. */
export interface RunEnd extends Omit<Outcome, "cumulativeCostUsd"> {
  /** Null when Claude told nothing new: the session's total stays. */
  cumulativeCostUsd: number | null;
  exitCode: number | null;
  stderrTail: string | null;
}

type RunStatus = "succeeded" | "failed" | "cancelled";

const statusOf = (reason: RunReason): RunStatus => {
  if (reason === "success") return "succeeded";
  return reason === "stopped" ? "cancelled" : "failed";
};

const restingStatus: Record<RunStatus, SessionStatus> = { succeeded: "completed", failed: "failed", cancelled: "cancelled" };

const MAX_ACTIVITY = 200;

/** Exactly one answer to each message: what Claude said, or why it did not, in words for a person. */
const answerOf = ({ answer, error }: RunEnd): string => error ?? (answer?.trim() ? answer : "Claude ended without an answer.");

/** Messages meant for the run that Claude never took in are not lost: each becomes a run of its own. */
async function queueLeftSteers(tx: Transaction, run: { id: string; sessionId: string }): Promise<void> {
  for (const message of await findPendingSteers(tx, run.id)) {
    const session = await lockSession(tx, run.sessionId);
    if (session) await queueRun(tx, session, message.id);
  }
}

/**
 * Writes the end of a run: outcome, answer, cost, what the session does next. One transaction, fenced by the lease:
 * it happens once, whoever else believes to hold the session.
 */
export async function finishRun(
  { db, nudge, lease }: { db: Database; nudge: Nudge; lease: Lease },
  { run, attempt }: { run: DueRun["run"]; attempt: number },
  end: RunEnd,
): Promise<void> {
  const status = statusOf(end.reason);
  await db.transaction().execute(async (tx) => {
    await fence(tx, lease);
    const session = await lockSession(tx, run.sessionId);
    if (!session) return;
    const { model: _, version: __, answer: ___, limitUntil: ____, cumulativeCostUsd, ...facts } = end;
    await closeRun(tx, { runId: run.id, attempt }, { ...facts, status });
    const content = answerOf(end);
    const message = await insertMessage(tx, {
      sessionId: run.sessionId,
      runId: run.id,
      direction: "outbound",
      source: "claude",
      content,
      metadata: end.reason === "success" ? {} : { reason: end.reason },
    });
    const closed = await closeOpenCalls(tx, run.sessionId, "Claude ended before the result of this call was known.");
    await queueLeftSteers(tx, run);
    const next = await findDueRun(tx, run.sessionId);
    await appendEvents(tx, run.sessionId, [
      ...closed.map(toolEvent),
      { type: "message", runId: run.id, data: { messageId: message.id, direction: "outbound" } },
      { type: "run", key: `run:${run.id}`, runId: run.id, data: { runId: run.id, number: run.number, status, reason: end.reason } },
    ]);
    await moveSession(tx, run.sessionId, {
      status: next ? "queued" : restingStatus[status],
      lastReason: end.reason,
      activity: content.trim().split("\n", 1)[0]?.slice(0, MAX_ACTIVITY) ?? null,
      costUsd: session.costUsd + (end.costUsd ?? 0),
      cumulativeCostUsd: cumulativeCostUsd ?? session.cumulativeCostUsd,
      wakeAt: null,
    });
    for (const sessionId of await findNextWaiting(tx, session)) await nudge(tx, session.workerId, sessionId);
  });
}
