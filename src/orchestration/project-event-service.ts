import { ProjectNumber, type ProjectEvent, type PutWorktree, type Worktree } from "../contract/project-event.ts";
import type { Database } from "../db/database.ts";
import { findWorktree, insertProjectEvent, putWorktree } from "./project-event-queries.ts";

export type ProjectEventService = ReturnType<typeof createProjectEventService>;

/** What editors tell each other about projects: it goes through us to the sockets that asked for the project. */
export function createProjectEventService({ db }: { db: Database }) {
  return {
    async publish({ type, data, timestamp = new Date().toISOString() }: ProjectEvent) {
      const number = ProjectNumber.safeParse(data["projectNumber"]);
      if (!number.success) return { accepted: false, error: "data.projectNumber is required" };
      const projectNumber = number.data;
      await db.transaction().execute((tx) => insertProjectEvent(tx, projectNumber, { type, data, timestamp }));
      return { accepted: true, type, projectNumber, timestamp };
    },

    async putWorktree(projectNumber: number, { workspaceId, ...worktree }: PutWorktree) {
      await putWorktree(db, { projectNumber, worktree, by: workspaceId ?? null });
      return { accepted: true, projectNumber, worktreeStatus: worktree };
    },

    async worktreeOf(projectNumber: number) {
      const row = await findWorktree(db, projectNumber);
      const worktree = row && {
        ...(row.worktree as Worktree),
        updatedAt: row.updatedAt.toISOString(),
        updatedByWorkspace: row.updatedBy,
      };
      return { projectNumber, worktree: worktree ?? null };
    },
  };
}
