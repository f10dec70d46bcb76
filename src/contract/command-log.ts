import { z } from "zod";
import { Page } from "./page.ts";

/** One tool call, told by Claude's stream, by its hooks, or by both. */
export const CommandLog = z
  .object({
    logId: z.string(),
    sessionId: z.uuid(),
    runId: z.uuid().nullable(),
    toolUseId: z.string().nullable(),
    agentId: z.string().nullable().meta({ description: "The subagent that made the call; null for the main one." }),
    tool: z.string(),
    input: z.json(),
    result: z.string().nullable(),
    status: z.enum(["running", "succeeded", "failed", "denied"]),
    success: z.boolean().nullable(),
    durationMs: z.int().nullable(),
    timestamp: z.iso.datetime(),
  })
  .meta({ id: "CommandLog" });
export type CommandLog = z.infer<typeof CommandLog>;

export const CommandLogPage = Page(CommandLog).meta({ id: "CommandLogPage" });
