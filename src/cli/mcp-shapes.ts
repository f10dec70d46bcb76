import { z } from "zod";
import { JsonSchema } from "../contract/json-schema.ts";
import { MAX_WAIT_SECONDS } from "../contract/run-result.ts";
import { RunStatus } from "../contract/run.ts";
import { PermissionMode, SessionStatus } from "../contract/session.ts";

/** Below the minute after which many MCP clients give up on a call. */
const DEFAULT_WAIT_SECONDS = 45;

const waitSeconds = z
  .int()
  .min(0)
  .max(MAX_WAIT_SECONDS)
  .default(DEFAULT_WAIT_SECONDS)
  .describe(
    `How long to wait for the end of the run, at most ${MAX_WAIT_SECONDS}. The run goes on by itself after that. Above 50, some clients give up on the call before it answers. 0 answers at once.`,
  );

const sessionId = z.uuid().describe("The sessionId that start_session answered, or one of list_sessions.");

export const startInput = {
  prompt: z
    .string()
    .min(1)
    .max(1_000_000)
    .describe(
      "The whole task. The other Claude knows nothing of this conversation: say what, where, and when it is done.",
    ),
  repository: z.string().optional().describe("`owner/repo` or a git URL: it works in a fresh clone."),
  path: z.string().optional().describe("Absolute folder on the orchestrator's machine, in place of a repository."),
  worktree: z
    .boolean()
    .default(false)
    .describe("With path: work in a git worktree of it, so that the folder stays as it is."),
  branch: z.string().optional().describe("The branch to begin at; else the default one."),
  title: z.string().max(200).optional().describe("A few words, for people who look at the list."),
  model: z.string().optional().describe("The model; else the orchestrator's default."),
  permissionMode: PermissionMode.optional(),
  allowedTools: z
    .array(z.string())
    .max(100)
    .optional()
    .describe(
      "Rules of tools that need no permission, such as `Bash(npm test:*)`. Nobody can be asked: what is not allowed is denied.",
    ),
  jsonSchema: JsonSchema.optional().describe("The form the answer must have; it comes as structuredOutput."),
  maxBudgetUsd: z.number().positive().optional().describe("What the run may cost."),
  waitSeconds,
};

export const continueInput = {
  sessionId,
  prompt: startInput.prompt.describe("What to do next. The session remembers its conversation and keeps its files."),
  steer: z.boolean().default(false).describe("Hand it to the run that is on, instead of running it after that one."),
  waitSeconds,
};

export const resultInput = {
  runId: z.uuid().optional().describe("The run; else the newest one of the session."),
  sessionId: sessionId.optional(),
  waitSeconds,
};

export const statusInput = {
  sessionId,
  toolCalls: z.int().min(0).max(50).default(5).describe("How many of the latest tool calls to show."),
};

export const stopInput = { sessionId };

export const listInput = {
  status: z.array(SessionStatus).optional().describe("Only those with one of these statuses."),
  query: z.string().max(200).optional().describe("Words in the title, the messages and the tool input."),
  limit: z.int().min(1).max(50).default(10),
};

export const resultOutput = {
  sessionId: z.string(),
  runId: z.string(),
  status: RunStatus,
  ended: z.boolean().describe("false: it goes on, call get_result again."),
  reason: z.string().nullable(),
  answer: z.string().nullable(),
  structuredOutput: z.unknown().describe("The answer in the form of the jsonSchema that was given; else null."),
  error: z.string().nullable(),
  costUsd: z.number().nullable(),
  turns: z.number().nullable(),
  durationMs: z.number().nullable(),
  diff: z.object({ files: z.number(), added: z.number(), removed: z.number() }).nullable(),
  dashboard: z.string(),
};

const sessionShape = {
  sessionId: z.string(),
  title: z.string(),
  status: SessionStatus,
  waitingFor: z.string().nullable(),
  waitsUntil: z.string().nullable(),
  activity: z.string().nullable(),
  costUsd: z.number(),
  runCount: z.number(),
  updatedAt: z.string(),
};

export const statusOutput = sessionShape;
export const listOutput = { sessions: z.array(z.object(sessionShape)) };
export const stopOutput = {
  sessionId: z.string(),
  stopped: z.number().describe("How many runs were stopped or dropped."),
};
