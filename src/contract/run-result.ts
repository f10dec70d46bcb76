import { z } from "zod";
import { RunReason, RunStatus, Usage } from "./run.ts";
import { Metadata } from "./session.ts";

export const Links = z.object({ session: z.string(), dashboard: z.string() });

/** What became of a run, in one piece: for callers who wait for it and for those who are told. */
export const RunResult = z
  .object({
    sessionId: z.uuid(),
    runId: z.uuid(),
    status: RunStatus,
    reason: RunReason.nullable(),
    answer: z
      .string()
      .nullable()
      .meta({ description: "What Claude answered; null when the run has not ended, or ended without success." }),
    structuredOutput: z
      .json()
      .nullable()
      .meta({ description: "The answer in the form of the `jsonSchema` that was given; null without one." }),
    error: z.string().nullable().meta({ description: "What went wrong and what to do, for a person." }),
    costUsd: z.number().nullable(),
    usage: Usage.nullable(),
    turns: z.int().nullable(),
    durationMs: z.int().nullable(),
    diff: z.object({ files: z.int(), added: z.int(), removed: z.int() }).nullable().meta({
      description: "What the session changed since it began, in numbers; null when it takes too long to know.",
    }),
    links: Links.extend({ run: z.string() }),
    metadata: Metadata.meta({ description: "The session's; what was given with the message stands over it." }),
    timestamp: z.iso
      .datetime()
      .meta({ description: "When the run ended; when it was asked for, for one that has not." }),
  })
  .meta({ id: "RunResult" });
export type RunResult = z.infer<typeof RunResult>;

/** How long a request may wait for the end of the run it makes. */
export const MAX_WAIT_SECONDS = 300;

export const Wait = z.int().min(0).max(MAX_WAIT_SECONDS).meta({
  description:
    "Seconds to hold the answer back for the end of the run. Ended by then: `result` holds what became of it; else 202, and `result` is null.",
});
