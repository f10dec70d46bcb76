import { z } from "zod";

export const ProjectEventType = z.enum([
  "issue.created",
  "issue.updated",
  "issue.closed",
  "issue.deleted",
  "project.created",
  "project.updated",
  "worktree.updated",
  "task.started",
  "task.completed",
  "task.failed",
  "phase.started",
  "phase.completed",
  "orchestration.progress",
]);

/** A number of a project on GitHub. */
export const ProjectNumber = z.int().min(0).max(2_147_483_647);

/** More than this is no event but a file. */
const MAX_DATA_CHARACTERS = 64_000;

export const ProjectEvent = z
  .object({
    type: ProjectEventType,
    data: z
      .record(z.string(), z.json())
      .refine((data) => JSON.stringify(data).length <= MAX_DATA_CHARACTERS, "must be smaller than 64,000 characters"),
    timestamp: z.iso.datetime({ offset: true }).optional(),
  })
  .meta({ id: "ProjectEvent" });
export type ProjectEvent = z.infer<typeof ProjectEvent>;

/** Editors expect 202 whatever becomes of it. */
export const AcceptedEvent = z
  .object({
    accepted: z.boolean(),
    type: z.string().optional(),
    projectNumber: z.int().optional(),
    timestamp: z.string().optional(),
    error: z.string().optional(),
  })
  .meta({ id: "AcceptedProjectEvent" });

const worktree = {
  hasWorktree: z.boolean().optional(),
  worktreePath: z.string().max(4096).nullable().optional(),
  branch: z.string().max(500).nullable().optional(),
  hasUncommittedChanges: z.boolean().optional(),
  hasUnpushedCommits: z.boolean().optional(),
  hasPR: z.boolean().optional(),
  prNumber: z.int().nullable().optional(),
  prMerged: z.boolean().optional(),
};

export const Worktree = z.object(worktree).meta({ id: "Worktree" });
export type Worktree = z.infer<typeof Worktree>;

export const PutWorktree = z
  .object({ ...worktree, workspaceId: z.string().min(1).max(4096).optional() })
  .meta({ id: "PutWorktree" });
export type PutWorktree = z.infer<typeof PutWorktree>;

export const AcceptedWorktree = z
  .object({ accepted: z.boolean(), projectNumber: z.int(), worktreeStatus: Worktree })
  .meta({ id: "AcceptedWorktree" });

export const WorktreeOfProject = z
  .object({
    projectNumber: z.int(),
    worktree: Worktree.extend({
      updatedAt: z.iso.datetime(),
      updatedByWorkspace: z.string().nullable(),
    }).nullable(),
  })
  .meta({ id: "WorktreeOfProject" });
