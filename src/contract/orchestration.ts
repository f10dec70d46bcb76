import { z } from "zod";
import { Page } from "./page.ts";

/** Whatever an editor calls its workspace: a path of any system, the name of a package, `owner/repo`. Never interpreted. */
export const OrchestrationId = z
  .string()
  .min(1)
  .max(1000)
  .meta({ description: "Any text, as one percent-encoded path segment.", example: "acme/web" });

/** What a server allows at most is a matter of its configuration. */
export const MAX_DESIRED = 1_000;

export const SetDesired = z
  .object({
    desired: z
      .int("must be a whole number")
      .min(0)
      .max(MAX_DESIRED)
      .nullable()
      .meta({ description: "0 lets what is on end and begins nothing; null takes the limit away." }),
  })
  .meta({ id: "SetDesired" });

export const ReportRunning = z
  .object({ running: z.int("must be a whole number").min(0).max(1_000_000) })
  .meta({ id: "ReportRunning" });

export const SetPaused = z.object({ paused: z.boolean() }).meta({ id: "SetPaused" });

export const SetStandingTemplate = z
  .object({
    template: z.string().trim().min(1).max(100).nullable().meta({
      description: "Name or id of a template with an initialPrompt and no variables to be given; null takes it away.",
    }),
  })
  .meta({ id: "SetStandingTemplate" });

export const Counts = z.object({ running: z.int(), desired: z.int() }).meta({ id: "OrchestrationCounts" });
export type Counts = z.infer<typeof Counts>;

/** The one spelling of this API that is not camelCase: editors read it. */
export const WorkspaceCounts = z
  .object({
    workspace_id: z.string(),
    running: z.int(),
    desired: z.int(),
    /** Rises with each change of this workspace; also its ETag. */
    version: z.int(),
    paused: z.boolean(),
  })
  .meta({ id: "OrchestrationWorkspace" });
export type WorkspaceCounts = z.infer<typeof WorkspaceCounts>;

/** The first two fields are what editors know; the last three stand in a 412 only. */
export const WorkspaceAnswer = z
  .object({
    workspace: WorkspaceCounts,
    global: Counts,
    statusCode: z.int().optional(),
    error: z.string().optional(),
    message: z.string().optional(),
  })
  .meta({ id: "OrchestrationAnswer" });
export type WorkspaceAnswer = z.infer<typeof WorkspaceAnswer>;

/** Why fewer or more run than desired. */
export const OrchestrationReason = z
  .enum([
    "as_desired",
    "no_limit",
    "draining",
    "paused",
    "no_work",
    "starting",
    "slot",
    "workspace",
    "retry",
    "limit",
    "person",
    "memory",
    "budget",
    "disk",
    "desired",
  ])
  .meta({ id: "OrchestrationReason" });
export type OrchestrationReason = z.infer<typeof OrchestrationReason>;

export const OrchestrationRow = WorkspaceCounts.extend({
  /** False while nobody has set `desired`: then it is shown as 0 and limits nothing. */
  limited: z.boolean(),
  pausedBy: z.string().nullable(),
  pausedAt: z.iso.datetime().nullable(),
  /** Part of `running`: what an editor says it runs itself. */
  reported: z.int(),
  /** Runs that wait to begin. */
  queued: z.int(),
  template: z.string().nullable(),
  reason: OrchestrationReason,
  /** The reason in words for a person. */
  text: z.string(),
}).meta({ id: "OrchestrationRow" });
export type OrchestrationRow = z.infer<typeof OrchestrationRow>;

export const OrchestrationRows = z.array(OrchestrationRow).meta({ id: "OrchestrationRows" });

export const GlobalCounts = Counts.extend({
  seq: z.int(),
  /** Nothing begins in the whole installation, whatever the workspaces say. */
  paused: z.boolean(),
  pausedBy: z.string().nullable(),
  pausedAt: z.iso.datetime().nullable(),
  queued: z.int(),
  /** What one workspace may desire at most on this server. */
  maxDesired: z.int(),
  /** By reason, how many runs are missing (or, negative, beyond what is desired). */
  reasons: z.array(z.object({ reason: OrchestrationReason, count: z.int() })),
}).meta({ id: "OrchestrationGlobal" });
export type GlobalCounts = z.infer<typeof GlobalCounts>;

export const OrchestrationChangeKind = z.enum([
  "created",
  "desired",
  "released",
  "runs",
  "reported",
  "paused",
  "resumed",
  "template",
  "expired",
]);
export type OrchestrationChangeKind = z.infer<typeof OrchestrationChangeKind>;

/** One change, with the values after it. */
export const OrchestrationChange = z
  .object({
    seq: z.int(),
    at: z.iso.datetime(),
    workspaceId: z.string().nullable().meta({
      description: "Null when everything was paused or resumed; `running` and `desired` are then the totals.",
    }),
    kind: OrchestrationChangeKind,
    actor: z.string().nullable(),
    running: z.int(),
    desired: z.int(),
    paused: z.boolean(),
    globalRunning: z.int(),
    globalDesired: z.int(),
  })
  .meta({ id: "OrchestrationChange" });
export type OrchestrationChange = z.infer<typeof OrchestrationChange>;

export const OrchestrationHistory = Page(OrchestrationChange).meta({ id: "OrchestrationHistory" });

/** The answer to `subscribe`; a workspace that is not known is not told of until somebody makes it. */
export interface SubscribedEvent {
  workspaceId: string;
  known: boolean;
}

/** What a socket hears as `orchestration.global`. `seq` never falls, and each change has a higher one. */
export interface GlobalEvent extends Counts {
  seq: number;
  /** Nothing begins in the whole installation. */
  paused: boolean;
}

/** What a socket that subscribed hears as `orchestration.workspace`; two spellings, because both are in use. */
export interface WorkspaceEvent extends Counts {
  workspaceId: string;
  workspace_id: string;
  seq: number;
  version: number;
  paused: boolean;
}
