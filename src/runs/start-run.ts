import { createHash, randomBytes, randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import type { ClaudeProcess } from "../claude/claude-process.ts";
import type { JsonSchema } from "../contract/json-schema.ts";
import type { ClaudeOptions } from "../contract/session.ts";
import { AppError, toError } from "../lib/errors.ts";
import { findSession } from "../sessions/session-queries.ts";
import { recordProcess, recordRecovery, recordToken, type AttemptRow } from "./attempt-queries.ts";
import { findBudgets } from "./budget-queries.ts";
import { moneyLeft } from "./budgets.ts";
import { beginConversation, isBegunByRun } from "./conversation-queries.ts";
import { ensureConversation, isPromptTaken, RECOVERY_PROMPT } from "./conversations.ts";
import { Draining } from "./follow-claude.ts";
import { fenced, type Lease } from "./lease-queries.ts";
import { placeFiles } from "./place-files.ts";
import { promptOf } from "./prompt.ts";
import { withSummary } from "./restart-summary.ts";
import { inputLine, type RunControl } from "./run-control.ts";
import type { DueRun } from "./run-queries.ts";
import type { ActorParts } from "./session-actor.ts";
import { withThreadPrompt } from "./thread-prompt.ts";

type Run = DueRun["run"];

/** Something a run needs is missing; it ends with this reason and text. */
export class RunFailure extends Error {
  override readonly name = "RunFailure";
  readonly reason: "workspace_failed" | "cli_missing" | "cli_unsupported" | "unknown_claude_session";
  constructor(reason: RunFailure["reason"], cause: unknown) {
    super(toError(cause).message, { cause });
    this.reason = reason;
  }
}

/** Prepares the workspace and starts Claude with what it is to do; undefined when a person stopped the run before. */
export async function startRun(
  parts: ActorParts,
  run: Run,
  { attempt, lease, control }: { attempt: AttemptRow; lease: Lease; control: RunControl },
): Promise<ClaudeProcess | undefined> {
  const { db, workspaces, claude } = parts;
  await control.check();
  const workspace = await prepared(workspaces.prepare(run.sessionId, control.signal), control);
  await control.check();
  if (!workspace || control.reason) return undefined;
  if (control.draining) throw new Draining();
  // A folder left by a start that was killed in the middle holds nothing that began.
  await removeRunDir(attempt.runDir);
  if (run.restart) await fenced(db, lease, (tx) => beginConversation(tx, run));
  const session = await findSession(db, run.sessionId);
  if (!session) return undefined;
  await ensureConversation(parts, session, run).catch(failWith("unknown_claude_session"));
  const recovery = await isPromptTaken(parts, session, run);
  const prompt = await firstPrompt(parts, run, session.title);
  const files = await placeFiles(parts, run).catch(failWith("workspace_failed"));
  const token = `orch_run_${randomBytes(24).toString("base64url")}`;
  await fenced(db, lease, (tx) => recordToken(tx, run.id, createHash("sha256").update(token).digest()));
  const { process, untested } = await claude
    .launch({
      session: { ...session, options: await optionsFor(parts, run, session.options as ClaudeOptions) },
      mayBegin: await isBegunByRun(db, session),
      runDir: attempt.runDir,
      cwd: workspace.path,
      hookToken: token,
      marker: `${run.id}.${attempt.attempt}`,
      jsonSchema: (run.jsonSchema as JsonSchema | null) ?? undefined,
    })
    .catch((error: unknown) => failWith(isTooOld(error) ? "cli_unsupported" : "cli_missing")(error));
  try {
    await fenced(db, lease, async (tx) => {
      if (process.identity) await recordProcess(tx, attempt, { ...process.identity, untested });
      if (recovery) await recordRecovery(tx, run, attempt.attempt);
    });
  } catch (error) {
    // Its input ends with nothing said, and so does it; kept open, it would wait for ever.
    process.release();
    throw error;
  }
  process.send(recovery ? inputLine(randomUUID(), RECOVERY_PROMPT) : inputLine(run.messageId, prompt + files));
  return process;
}

/** What Claude is told first; a conversation that begins anew hears what was said before. */
function firstPrompt({ db }: ActorParts, run: Run, title: string): Promise<string> | string {
  const prompt = promptOf({ ...run, source: run.messageSource });
  return run.restart ? withSummary(db, { title, run, prompt }) : prompt;
}

/** What the session asks for, with no more to spend than is left of the budgets it shares, and what its threads need. */
async function optionsFor({ db, config }: ActorParts, run: Run, asked: ClaudeOptions): Promise<ClaudeOptions> {
  const options = await withThreadPrompt(db, run.sessionId, asked);
  const left = moneyLeft(await findBudgets(db, run, config.budgets), { ...options, costUsd: run.costUsd });
  return left === undefined ? options : { ...options, maxBudgetUsd: left };
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

/** The run's files and, beside them, its scratch folder. */
export async function removeRunDir(runDir: string): Promise<void> {
  for (const dir of [runDir, `${runDir}.tmp`]) await rm(dir, { recursive: true, force: true });
}
