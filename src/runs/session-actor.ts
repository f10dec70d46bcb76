import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Outcome } from "../claude/claude-outcome.ts";
import type { ClaudeProcess } from "../claude/claude-process.ts";
import type { Claude } from "../claude/claude.ts";
import type { Config } from "../config.ts";
import type { JsonSchema } from "../contract/json-schema.ts";
import type { RunReason } from "../contract/run.ts";
import type { ClaudeOptions } from "../contract/session.ts";
import type { Database } from "../db/database.ts";
import type { Logger } from "../lib/logger.ts";
import type { Nudge } from "../queue/queue.ts";
import { findSession, lockSession } from "../sessions/session-queries.ts";
import type { WorkspaceService } from "../workspaces/workspace-service.ts";
import { readAdmissionFacts, recordWaiting } from "./admission-queries.ts";
import { mayStart } from "./admission.ts";
import { beginAttempt, type AttemptRow } from "./attempt-queries.ts";
import { findBudgets } from "./budget-queries.ts";
import { budgetText, findSpent } from "./budgets.ts";
import { finishRun, type RunEnd } from "./finish-run.ts";
import { catchUp, followClaude, type FollowedEnd } from "./follow-claude.ts";
import { keepSafe } from "./keep-safe.ts";
import { fence, LeaseLost, type Lease } from "./lease-queries.ts";
import { readMachineFacts } from "./machine-facts.ts";
import { createRecorder, type Recorder } from "./recorder.ts";
import { createRunControl, type RunControl } from "./run-control.ts";
import { sumApiMs, type DueRun } from "./run-queries.ts";
import { RunFailure, startRun } from "./start-run.ts";

export interface ActorParts {
  db: Database;
  nudge: Nudge;
  log: Logger;
  workspaces: Pick<WorkspaceService, "prepare" | "snapshot" | "putAttachments">;
  claude: Pick<
    Claude,
    "launch" | "attach" | "judge" | "readStream" | "conversation" | "conversationIn" | "renewalDueSince"
  >;
  config: Config["runs"];
  workerId: string;
}

type Run = DueRun["run"];

/**
 * THE main job: one run of one session, from the queue to its answer. Every step reads and writes the ledger, so that
 * whoever comes after a crash enters the same function and goes on where this one stopped.
 */
export async function carryOut(
  parts: ActorParts,
  { due, lease, announce }: { due: DueRun; lease: Lease; announce: (control: RunControl) => void },
): Promise<"done" | "parked" | { until: Date }> {
  const { run } = due;
  const attempt = due.attempt ?? (await admit(parts, run, lease));
  if (typeof attempt === "string") return attempt;
  const control = createRunControl(parts, { runId: run.id, deadline: deadlineOf(run, parts.config) });
  announce(control);
  const recorder = createRecorder(
    { db: parts.db, lease, stream: parts.claude.readStream() },
    { runId: run.id, sessionId: run.sessionId, attempt: attempt.attempt },
  );

  const end = await work(parts, { run, attempt, lease, control, recorder, isFresh: due.attempt === undefined });
  const until = await finishRun({ ...parts, lease }, { run, attempt: attempt.attempt, retry: parts.config.retry }, end);

  await keepSafe(parts, lease, attempt);
  return until ? { until } : "done";
}

/** Takes a slot for the run, or says in the ledger what it waits for. A run that was cancelled meanwhile is done. */
async function admit(
  { db, claude, config, workerId }: ActorParts,
  run: Run,
  lease: Lease,
): Promise<AttemptRow | "parked" | "done"> {
  const machine = await readMachineFacts(config.roomIn);
  const renewalDueSince = await claude.renewalDueSince();
  return db.transaction().execute(async (tx) => {
    await fence(tx, lease);
    await lockSession(tx, run.sessionId);
    const facts = await readAdmissionFacts(tx, run, { workerId, config, machine, renewalDueSince });
    const answer = mayStart(facts);
    if (answer !== "yes") {
      await recordWaiting(tx, run, answer);
      return "parked";
    }
    const attempt = await beginAttempt(tx, run, { workerId, runDir: join(config.dir, randomUUID()) });
    return attempt ?? "done";
  });
}

interface Work {
  run: Run;
  attempt: AttemptRow;
  lease: Lease;
  control: RunControl;
  recorder: Recorder;
  /** Begun a moment ago, by us: there is nothing to be found. */
  isFresh: boolean;
}

/** Runs Claude, or follows the one that was found, and says how it ended. */
async function work(parts: ActorParts, { run, attempt, lease, control, recorder, isFresh }: Work): Promise<RunEnd> {
  let process: ClaudeProcess | undefined;
  try {
    if (!isFresh) process = await findStarted(parts, attempt, recorder);
    process ??= await startRun(parts, run, { attempt, lease, control });
    if (!process) return unheard("stopped", stopText(control));
    const followed = await followClaude(process, recorder, control);
    return await weigh(parts, { run, control, recorder }, followed);
  } catch (error) {
    if (error instanceof RunFailure) return unheard(error.reason, error.message);
    if (error instanceof LeaseLost && process) await stopIfMoved(parts, run.sessionId, process);
    throw error;
  } finally {
    process?.release();
  }
}

/** Another worker has the session now and will start Claude there: two must not work on it. */
async function stopIfMoved({ db, workerId }: ActorParts, sessionId: string, process: ClaudeProcess): Promise<void> {
  const session = await findSession(db, sessionId);
  if (session?.workerId !== workerId) await process.stop();
}

/** The life of Claude that an earlier process began for this attempt, alive or ended; undefined when none was. */
async function findStarted(
  { claude }: ActorParts,
  { runDir, pid, pidStart, bootId, streamOffset }: AttemptRow,
  recorder: Recorder,
) {
  const identity = pid !== null && pidStart && bootId ? { pid, startTime: pidStart, bootId } : undefined;
  const process = await claude.attach(runDir, identity);
  const state = await process.state();
  const neverStarted = !process.identity && state !== "alive" && state.exitCode === undefined;
  if (neverStarted) return undefined;
  await catchUp(process, recorder, streamOffset);
  return process;
}

async function weigh(
  { db, claude, config }: ActorParts,
  { run, control, recorder }: { run: Run; control: RunControl; recorder: Recorder },
  { exitCode, stderr }: FollowedEnd,
): Promise<RunEnd> {
  const session = await findSession(db, run.sessionId);
  const outcome = claude.judge({
    stream: recorder.evidence,
    exitCode,
    stderr,
    ended: control.reason ?? null,
    limits: session?.options as ClaudeOptions,
    jsonSchema: (run.jsonSchema as JsonSchema | null) ?? undefined,
    previousCostUsd: session?.cumulativeCostUsd ?? 0,
    previousApiMs: await sumApiMs(db, run.sessionId),
  });
  return {
    ...outcome,
    error: await explain({ db, config }, { run, control }, outcome),
    exitCode: exitCode ?? null,
    stderrTail: outcome.reason === "success" ? null : stderr || null,
  };
}

/** What ended the run, where we know more of it than Claude: who stopped it, and which budget it was. */
async function explain(
  { db, config }: Pick<ActorParts, "db" | "config">,
  { run, control }: { run: Run; control: RunControl },
  { reason, error, costUsd }: Pick<Outcome, "reason" | "error" | "costUsd">,
): Promise<string | null> {
  if (reason === "stopped" && control.stoppedBy) return `Stopped by ${control.stoppedBy}. Send a message to go on.`;
  if (reason !== "budget") return error;
  const cost = costUsd ?? 0;
  const spent = findSpent(await findBudgets(db, run, config.budgets), cost);
  return spent ? budgetText({ ...spent, spentUsd: spent.spentUsd + cost }) : error;
}

/** A run that ended before Claude said anything. */
const unheard = (reason: RunReason, error: string): RunEnd => ({
  reason,
  error,
  answer: null,
  structuredOutput: null,
  costUsd: null,
  cumulativeCostUsd: null,
  usage: null,
  model: null,
  version: null,
  turns: null,
  durationMs: null,
  apiDurationMs: null,
  firstTokenMs: null,
  denials: [],
  limitUntil: null,
  exitCode: null,
  stderrTail: null,
});

const stopText = ({ stoppedBy }: RunControl): string =>
  `Stopped${stoppedBy ? ` by ${stoppedBy}` : ""} before Claude began.`;

function deadlineOf(run: Run, config: Config["runs"]): Date {
  const { timeoutSeconds = config.timeoutSeconds } = run.options as ClaudeOptions;
  return new Date((run.startedAt ?? new Date()).getTime() + timeoutSeconds * 1000);
}
