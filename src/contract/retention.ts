import { z } from "zod";

const Kept = z.enum([
  "events",
  "logResults",
  "transcripts",
  "inbox",
  "deliveries",
  "snapshots",
  "snapshotRefs",
  "messageFiles",
  "workspaces",
  "runFiles",
]);

/** What one step of a cleaning removed, or would remove. */
export const Freed = z.object({
  what: Kept,
  count: z.int(),
  bytes: z.int(),
});
export type Freed = z.infer<typeof Freed>;

export const RetentionRun = z.object({
  scope: z
    .enum(["ledger", "files"])
    .meta({ description: "The ledger is cleaned once for all workers, files by each worker." }),
  workerId: z.string(),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
  freed: z.array(Freed),
  error: z.string().nullable(),
});
export type RetentionRun = z.infer<typeof RetentionRun>;

const days = Object.fromEntries(Kept.options.map((what) => [what, z.int()])) as Record<z.infer<typeof Kept>, z.ZodInt>;

export const RetentionReport = z
  .object({
    days: z.object(days).meta({ description: "How long each is kept; 0 for ever." }),
    nextAt: z.iso.datetime(),
    last: z.array(RetentionRun),
  })
  .meta({ id: "RetentionReport" });
export type RetentionReport = z.infer<typeof RetentionReport>;
