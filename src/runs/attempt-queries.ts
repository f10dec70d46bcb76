import { sql } from "kysely";
import type { Usage } from "../contract/run.ts";
import type { WaitingFor } from "../contract/session.ts";
import type { Database, Transaction } from "../db/database.ts";
import type { Json } from "../lib/text.ts";
import { appendEvents } from "../sessions/event-queries.ts";
import { moveSession } from "../sessions/session-queries.ts";
import { tellSubscribers } from "../subscriptions/tell-subscribers-queries.ts";

export type AttemptRow = NonNullable<Awaited<ReturnType<typeof beginAttempt>>>;

/** Puts the run on: it counts as busy from here, whatever happens to this process. Undefined when it was cancelled. */
export async function beginAttempt(
  tx: Transaction,
  run: { id: string; sessionId: string; number: number; attempt: number; startedAt: Date | null },
  { workerId, runDir }: { workerId: string; runDir: string },
) {
  const attempt = run.attempt + 1;
  const begun = await tx
    .updateTable("runs")
    .set({ status: "running", waitingFor: null, attempt, startedAt: run.startedAt ?? new Date() })
    .where("id", "=", run.id)
    .where("status", "in", ["queued", "waiting"])
    .returning("id")
    .executeTakeFirst();
  if (!begun) return undefined;
  const row = await tx
    .insertInto("attempts")
    .values({ runId: run.id, attempt, workerId, runDir })
    .returningAll()
    .executeTakeFirstOrThrow();
  await appendEvents(tx, run.sessionId, [
    {
      type: "run",
      key: `run:${run.id}`,
      runId: run.id,
      data: { runId: run.id, number: run.number, status: "running", attempt },
    },
  ]);
  await moveSession(tx, run.sessionId, { status: "running", archivedAt: null, wakeAt: null });
  if (attempt === 1) await tellSubscribers(tx, { type: "run.started", sessionId: run.sessionId, runId: run.id });
  return row;
}

export interface ProcessFacts {
  pid: number;
  startTime: string;
  bootId: string;
  untested: boolean;
}

/** Who carries the attempt out: what finds the process again after this one has died. */
export async function recordProcess(
  tx: Transaction,
  { runId, attempt }: { runId: string; attempt: number },
  { pid, startTime, bootId, untested }: ProcessFacts,
): Promise<void> {
  await tx
    .updateTable("attempts")
    .set({ pid, pidStart: startTime, bootId })
    .where("runId", "=", runId)
    .where("attempt", "=", attempt)
    .execute();
  if (untested) await tx.updateTable("runs").set({ untestedVersion: true }).where("id", "=", runId).execute();
}

/** The run goes on after it was cut off: an event, not a message, because no person said it. */
export const recordRecovery = (
  tx: Transaction,
  { id: runId, sessionId, number }: { id: string; sessionId: string; number: number },
  attempt: number,
) =>
  appendEvents(tx, sessionId, [
    { type: "retry", key: `recovery:${runId}:${attempt}`, runId, data: { runId, number, attempt, recovered: true } },
  ]);

/** A new hook token for a run that is taken up again: the old one is known only by its hash. */
export const recordToken = (tx: Transaction, runId: string, tokenHash: Buffer) =>
  tx.updateTable("runs").set({ tokenHash }).where("id", "=", runId).execute();

/** What Claude said of itself when it began. */
export async function recordStart(
  tx: Transaction,
  { runId, sessionId }: { runId: string; sessionId: string },
  { model, version, claudeSessionId }: { model: string; version: string; claudeSessionId: string },
): Promise<void> {
  await tx.updateTable("runs").set({ model, claudeVersion: version }).where("id", "=", runId).execute();
  // Claude keeps the id we gave it; were it ever to choose another, the conversation goes on under that one.
  await tx
    .updateTable("sessions")
    .set({ claudeSessionId })
    .where("id", "=", sessionId)
    .where("claudeSessionId", "is distinct from", claudeSessionId)
    .execute();
}

/** How far the stream is in the ledger; moves in the transaction that writes what it said. */
export async function advanceAttempt(
  tx: Transaction,
  { runId, attempt }: { runId: string; attempt: number },
  { streamOffset, promptTaken }: { streamOffset: number; promptTaken: boolean },
): Promise<void> {
  await tx
    .updateTable("attempts")
    .set({ streamOffset, ...(promptTaken && { promptTaken }) })
    .where("runId", "=", runId)
    .where("attempt", "=", attempt)
    .execute();
}

export interface AttemptEnd {
  reason: string;
  exitCode: number | null;
  costUsd: number | null;
  usage: Usage | null;
  turns: number | null;
  durationMs: number | null;
  apiDurationMs: number | null;
  firstTokenMs: number | null;
  denials: readonly object[];
  stderrTail: string | null;
}

/** Closes an attempt and adds what it cost to its run: a run that was recovered costs all its attempts. */
export async function closeAttempt(
  tx: Transaction,
  { runId, attempt }: { runId: string; attempt: number },
  end: AttemptEnd,
) {
  const { reason, exitCode, usage, denials, ...facts } = end;
  await tx
    .updateTable("attempts")
    .set({ reason, exitCode, finishedAt: new Date() })
    .where("runId", "=", runId)
    .where("attempt", "=", attempt)
    .execute();
  const sum = (column: "costUsd" | "turns" | "durationMs" | "apiDurationMs") =>
    sql<
      number | null
    >`case when ${facts[column]}::numeric is null then ${sql.ref(column)} else coalesce(${sql.ref(column)}, 0) + ${facts[column]} end`;
  await tx
    .updateTable("runs")
    .set({
      costUsd: sum("costUsd"),
      turns: sum("turns"),
      durationMs: sum("durationMs"),
      apiDurationMs: sum("apiDurationMs"),
      firstTokenMs: sql<number | null>`coalesce(first_token_ms, ${facts.firstTokenMs})`,
      usage: await addedUsage(tx, runId, usage),
      denials: sql`denials || ${JSON.stringify(denials)}::jsonb`,
      stderrTail: facts.stderrTail,
    })
    .where("id", "=", runId)
    .execute();
}

async function addedUsage(tx: Transaction, runId: string, more: Usage | null): Promise<string | null> {
  const row = await tx.selectFrom("runs").select("usage").where("id", "=", runId).executeTakeFirstOrThrow();
  const before = row.usage as Usage | null;
  if (!more || !before) return more || before ? JSON.stringify(more ?? before) : null;
  return JSON.stringify({
    inputTokens: before.inputTokens + more.inputTokens,
    outputTokens: before.outputTokens + more.outputTokens,
    cacheReadInputTokens: before.cacheReadInputTokens + more.cacheReadInputTokens,
    cacheCreationInputTokens: before.cacheCreationInputTokens + more.cacheCreationInputTokens,
  });
}

/**
 * Copies of what the attempt left were made, or tried. They hold what another worker left before, too: that one lost the
 * session before it came to make its own, and will not be asked again.
 */
export const markKept = (tx: Transaction, { runId, attempt }: { runId: string; attempt: number }) =>
  sql`update attempts one set kept_at = now()
    from attempts newest
    join runs on runs.id = newest.run_id
    join runs mine on mine.session_id = runs.session_id
    where newest.run_id = ${runId} and newest.attempt = ${attempt} and one.run_id = mine.id and one.kept_at is null
      and (one.run_id = newest.run_id and one.attempt = newest.attempt
        or one.worker_id <> newest.worker_id and one.started_at < newest.started_at and one.finished_at is not null)`.execute(
    tx,
  );

/**
 * Attempts of a session that ended with this worker and whose copies were not made. `isOutdated`: another worker had the
 * session since, so what lies here is no longer what is to be kept.
 */
export const findUnkeptAttempts = (db: Database, sessionId: string, workerId: string) =>
  db
    .selectFrom("attempts")
    .innerJoin("runs", "runs.id", "attempts.runId")
    .select(["attempts.runId", "attempts.attempt", "attempts.runDir"])
    .select(
      sql<boolean>`exists (
        select from attempts later join runs r on r.id = later.run_id
        where r.session_id = ${sessionId} and later.worker_id <> ${workerId} and later.started_at > attempts.started_at
      )`.as("isOutdated"),
    )
    .where("runs.sessionId", "=", sessionId)
    .where("attempts.workerId", "=", workerId)
    .where("attempts.finishedAt", "is not", null)
    .where("attempts.keptAt", "is", null)
    .orderBy("attempts.startedAt")
    .execute();

/** How the attempts before this one ended, the first one first. */
export async function findEarlierReasons(tx: Transaction, { runId, attempt }: { runId: string; attempt: number }) {
  const rows = await tx
    .selectFrom("attempts")
    .select("reason")
    .where("runId", "=", runId)
    .where("attempt", "<", attempt)
    .orderBy("attempt")
    .execute();
  return rows.map((row) => row.reason);
}

/** The run is over. */
export const closeRun = (
  tx: Transaction,
  runId: string,
  { structuredOutput, ...end }: { status: string; reason: string; error: string | null; structuredOutput: Json },
) =>
  tx
    .updateTable("runs")
    .set({
      ...end,
      structuredOutput: structuredOutput === null ? null : JSON.stringify(structuredOutput),
      finishedAt: new Date(),
      waitingFor: null,
    })
    .where("id", "=", runId)
    .execute();

/** The run waits for its next attempt. */
export const markWaiting = (tx: Transaction, runId: string, waitingFor: WaitingFor) =>
  tx
    .updateTable("runs")
    .set({ status: "waiting", waitingFor: { ...waitingFor } })
    .where("id", "=", runId)
    .execute();
