import { createHash, randomBytes, randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { ClaudeProcess } from "../claude/claude-process.ts";
import type { Claude } from "../claude/claude.ts";
import type { Config } from "../config.ts";
import type { RunReason } from "../contract/run.ts";
import type { ClaudeOptions } from "../contract/session.ts";
import type { Database } from "../db/database.ts";
import { AppError, toError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import type { Nudge } from "../queue/queue.ts";
import { findSession, lockSession } from "../sessions/session-queries.ts";
import type { WorkspaceService } from "../workspaces/workspace-service.ts";
import { mayStart } from "./admission.ts";
import {
  beginAttempt,
  readAdmissionFacts,
  recordProcess,
  recordRecovery,
  recordToken,
  recordWaiting,
  type AttemptRow,
} from "./attempt-queries.ts";
import { ensureConversation, isPromptTaken, keepConversation, RECOVERY_PROMPT } from "./conversations.ts";
import { finishRun, type RunEnd } from "./finish-run.ts";
import { catchUp, Draining, followClaude, type FollowedEnd } from "./follow-claude.ts";
import { fence, LeaseLost, type Lease } from "./lease-queries.ts";
import { promptOf } from "./prompt.ts";
import { createRecorder, type Recorder } from "./recorder.ts";
import { createRunControl, inputLine, type RunControl } from "./run-control.ts";
import { sumApiMs, type DueRun } from "./run-queries.ts";

export interface ActorParts {
  db: Database;
  nudge: Nudge;
  log: Logger;
  workspaces: Pick<WorkspaceService, "prepare" | "snapshot">;
  claude: Pick<Claude, "launch" | "attach" | "judge" | "readStream" | "conversation">;
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

  const end = await work(parts, { run, attempt, control, recorder });
  const until = await finishRun({ ...parts, lease }, { run, attempt: attempt.attempt, retry: parts.config.retry }, end);

  await keepSafe(parts, run);
  await removeRunDir(attempt.runDir);
  return until ? { until } : "done";
}

/** Takes a slot for the run, or says in the ledger what it waits for. A run that was cancelled meanwhile is done. */
function admit({ db, config, workerId }: ActorParts, run: Run, lease: Lease): Promise<AttemptRow | "parked" | "done"> {
  return db.transaction().execute(async (tx) => {
    await fence(tx, lease);
    await lockSession(tx, run.sessionId);
    const facts = await readAdmissionFacts(tx, run, { workerId, slots: config.maxConcurrent });
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
  control: RunControl;
  recorder: Recorder;
}

/** Runs Claude, or follows the one that was found, and says how it ended. */
async function work(parts: ActorParts, { run, attempt, control, recorder }: Work): Promise<RunEnd> {
  let process: ClaudeProcess | undefined;
  try {
    process = (await findStarted(parts, attempt, recorder)) ?? (await start(parts, run, { attempt, control }));
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

/** Something a run needs is missing; it ends with this reason and text. */
class RunFailure extends Error {
  override readonly name = "RunFailure";
  readonly reason: "workspace_failed" | "cli_missing" | "cli_unsupported" | "unknown_claude_session";
  constructor(reason: RunFailure["reason"], cause: unknown) {
    super(toError(cause).message, { cause });
    this.reason = reason;
  }
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

/** Prepares the workspace and starts Claude with what it is to do; undefined when a person stopped the run before. */
async function start(
  parts: ActorParts,
  run: Run,
  { attempt, control }: { attempt: AttemptRow; control: RunControl },
): Promise<ClaudeProcess | undefined> {
  const { db, workspaces, claude } = parts;
  await control.check();
  const workspace = await prepared(workspaces.prepare(run.sessionId, control.signal), control);
  await control.check();
  if (!workspace || control.reason) return undefined;
  if (control.draining) throw new Draining();
  // A folder left by a start that was killed in the middle holds nothing that began.
  await removeRunDir(attempt.runDir);
  const session = await findSession(db, run.sessionId);
  if (!session) return undefined;
  await ensureConversation(parts, session, run).catch(failWith("unknown_claude_session"));
  const recovery = await isPromptTaken(parts, session, run);
  const token = `orch_run_${randomBytes(24).toString("base64url")}`;
  await recordToken(db, run.id, createHash("sha256").update(token).digest());
  const { process, untested } = await claude
    .launch({
      session: { ...session, options: session.options as ClaudeOptions },
      runDir: attempt.runDir,
      cwd: workspace.path,
      hookToken: token,
      marker: `${run.id}.${attempt.attempt}`,
    })
    .catch((error: unknown) => failWith(isTooOld(error) ? "cli_unsupported" : "cli_missing")(error));
  if (process.identity) await recordProcess(db, attempt, { ...process.identity, untested });
  if (recovery) await recordRecovery(db, run, attempt.attempt);
  process.send(
    recovery
      ? inputLine(randomUUID(), RECOVERY_PROMPT)
      : inputLine(run.messageId, promptOf({ ...run, source: run.messageSource })),
  );
  return process;
}

const isTooOld = (error: unknown): boolean => error instanceof AppError && error.code === "conflict";

/** Ends the run with this reason when the step fails for an expected cause; a bug stays a bug. */
const failWith =
  (reason: RunFailure["reason"]) =>
  (error: unknown): never => {
    throw error instanceof AppError ? new RunFailure(reason, error) : error;
  };

/** The workspace, or undefined when it was given up because the run is to stop. */
async function prepared<T>(workspace: Promise<T>, control: RunControl): Promise<T | undefined> {
  try {
    return await workspace;
  } catch (error) {
    if (control.draining) throw new Draining();
    if (control.reason) return undefined;
    throw new RunFailure("workspace_failed", error);
  }
}

async function weigh(
  { db, claude }: ActorParts,
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
    previousCostUsd: session?.cumulativeCostUsd ?? 0,
    previousApiMs: await sumApiMs(db, run.sessionId),
  });
  const error =
    outcome.reason === "stopped" && control.stoppedBy
      ? `Stopped by ${control.stoppedBy}. Send a message to go on.`
      : outcome.error;
  return {
    ...outcome,
    error,
    exitCode: exitCode ?? null,
    stderrTail: outcome.reason === "success" ? null : stderr || null,
  };
}

/** A run that ended before Claude said anything. */
const unheard = (reason: RunReason, error: string): RunEnd => ({
  reason,
  error,
  answer: null,
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

/** The run's files and, beside them, its scratch folder. */
async function removeRunDir(runDir: string): Promise<void> {
  for (const dir of [runDir, `${runDir}.tmp`]) await rm(dir, { recursive: true, force: true });
}

/** The work is done and answered; a copy that fails must not take that back. */
async function keepSafe(parts: ActorParts, { id: runId, sessionId }: Run): Promise<void> {
  const { db, workspaces, log } = parts;
  const warn = (error: unknown) => log.warn({ err: error, sessionId, runId }, "what a run left could not be kept safe");
  await workspaces.snapshot(sessionId, runId).catch(warn);
  const session = await findSession(db, sessionId);
  if (session) await keepConversation(parts, session).catch(warn);
}
