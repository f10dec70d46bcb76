import { sql, type Kysely } from "kysely";
import type { ProjectType } from "../contract/session.ts";
import type { DB } from "../db/schema.ts";

/** Where a session is going to work; everything that can be checked before the work begins has been. */
export interface WorkspacePlan {
  kind: ProjectType;
  path: string;
  /** What git fetches from (github), or the user's repository (worktree); null for a plain folder. */
  repository: string | null;
  /** The branch to start from; null for the default one. */
  branch: string | null;
  /** The branch Claude works on; null when it works on whatever the folder has. */
  workBranch: string | null;
}

export type WorkspaceState = "pending" | "ready" | "failed" | "archived";

/** Records a planned workspace. `workspaces.branch` is the branch Claude works on; where it starts is the session's. */
export const insertWorkspace = (tx: Kysely<DB>, plan: WorkspacePlan, sessionId: string) =>
  tx
    .insertInto("workspaces")
    .values({ sessionId, kind: plan.kind, path: plan.path, repository: plan.repository, branch: plan.workBranch })
    .execute();

export type WorkspaceRow = NonNullable<Awaited<ReturnType<typeof findWorkspace>>>;

export const findWorkspace = (db: Kysely<DB>, sessionId: string) =>
  db
    .selectFrom("workspaces")
    .innerJoin("sessions", "sessions.id", "workspaces.sessionId")
    .selectAll("workspaces")
    .select("sessions.branch as startBranch")
    .where("workspaces.sessionId", "=", sessionId)
    .executeTakeFirst();

export const isPathTaken = async (db: Kysely<DB>, path: string): Promise<boolean> =>
  (await db.selectFrom("workspaces").select("path").where("path", "=", path).executeTakeFirst()) !== undefined;

export const updateWorkspace = (
  db: Kysely<DB>,
  sessionId: string,
  change: { state: WorkspaceState; error?: string | null; baseCommit?: string | null },
) =>
  db
    .updateTable("workspaces")
    .set({ ...change, updatedAt: sql<Date>`now()` })
    .where("sessionId", "=", sessionId)
    .execute();
