import { z } from "zod";
import { Page } from "./page.ts";
import { WaitingFor } from "./session.ts";

export const RunStatus = z.enum(["queued", "running", "waiting", "succeeded", "failed", "cancelled"]);
export type RunStatus = z.infer<typeof RunStatus>;

/** Every way a run can end. Closed: a new ending is a new entry here, with its text in `runs/run-reasons.ts`. */
export const RunReason = z.enum([
  "success",
  "claude_error",
  "max_turns",
  "budget",
  "timeout",
  "stopped",
  "usage_limit",
  "api_overloaded",
  "api_unreachable",
  "api_error",
  "not_logged_in",
  "cli_missing",
  "cli_unsupported",
  "unknown_claude_session",
  "prompt_refused",
  "output_too_large",
  "invalid_output",
  "workspace_failed",
  "machine_lost",
  "interrupted",
]);
export type RunReason = z.infer<typeof RunReason>;

/** Token counts as the Messages API names them; absent ones are 0. */
export const Usage = z.object({
  inputTokens: z.int(),
  outputTokens: z.int(),
  cacheReadInputTokens: z.int(),
  cacheCreationInputTokens: z.int(),
});
export type Usage = z.infer<typeof Usage>;

export const PermissionDenial = z.object({ tool: z.string(), toolUseId: z.string(), input: z.json() });
export type PermissionDenial = z.infer<typeof PermissionDenial>;

export const Attempt = z
  .object({
    attempt: z.int(),
    workerId: z.string(),
    pid: z.int().nullable(),
    reason: RunReason.nullable(),
    exitCode: z.int().nullable(),
    startedAt: z.iso.datetime(),
    finishedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: "Attempt" });
export type Attempt = z.infer<typeof Attempt>;

export const Run = z
  .object({
    runId: z.uuid(),
    sessionId: z.uuid(),
    number: z.int().meta({ description: "1 for the session's first run." }),
    status: RunStatus,
    reason: RunReason.nullable(),
    error: z.string().nullable().meta({ description: "What went wrong and what to do, for a person." }),
    waitingFor: WaitingFor.nullable(),
    messageId: z.uuid(),
    attempts: z.array(Attempt),
    model: z.string().nullable(),
    claudeVersion: z.string().nullable(),
    untestedVersion: z.boolean(),
    costUsd: z.number().nullable(),
    usage: Usage.nullable(),
    turns: z.int().nullable(),
    durationMs: z.int().nullable(),
    apiDurationMs: z.int().nullable(),
    firstTokenMs: z.int().nullable(),
    structuredOutput: z
      .json()
      .nullable()
      .meta({ description: "The answer in the form of the `jsonSchema` that was given, checked against it." }),
    denials: z.array(PermissionDenial),
    stderrTail: z.string().nullable(),
    queuedAt: z.iso.datetime(),
    startedAt: z.iso.datetime().nullable(),
    finishedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: "Run" });
export type Run = z.infer<typeof Run>;

export const RunPage = Page(Run).meta({ id: "RunPage" });

export const StopRequest = z.object({ by: z.string().trim().min(1).max(200).optional() }).meta({ id: "StopRequest" });
export type StopRequest = z.infer<typeof StopRequest>;
export const Stopped = z.object({ sessionId: z.uuid(), stopped: z.array(z.uuid()) }).meta({ id: "Stopped" });
export type Stopped = z.infer<typeof Stopped>;
