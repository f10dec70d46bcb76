import { z } from "zod";

/** What one step of a cleaning removed, or would remove. */
export const Freed = z.object({
  what: z.enum([
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
  ]),
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

export const RetentionReport = z
  .object({
    days: z.record(Freed.shape.what, z.int()).meta({ description: "How long each is kept; 0 for ever." }),
    nextAt: z.iso.datetime(),
    last: z.array(RetentionRun),
  })
  .meta({ id: "RetentionReport" });
export type RetentionReport = z.infer<typeof RetentionReport>;
