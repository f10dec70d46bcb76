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

export const findProjectPath = async (db: Kysely<DB>, sessionId: string): Promise<string | null> =>
  (await db.selectFrom("sessions").select("projectPath").where("id", "=", sessionId).executeTakeFirst())?.projectPath ??
  null;

export const isPathTaken = async (db: Kysely<DB>, path: string): Promise<boolean> =>
  (await db.selectFrom("workspaces").select("path").where("path", "=", path).executeTakeFirst()) !== undefined;

export const updateWorkspace = (
  db: Kysely<DB>,
  sessionId: string,
  change: { state: WorkspaceState; error?: string | null; baseCommit?: string | null; copyId?: string | null },
) =>
  db
    .updateTable("workspaces")
    .set({ ...change, updatedAt: sql<Date>`now()` })
    .where("sessionId", "=", sessionId)
    .execute();

export type SnapshotRow = NonNullable<Awaited<ReturnType<typeof findNewestSnapshot>>>;

export const findNewestSnapshot = (db: Kysely<DB>, sessionId: string) =>
  db
    .selectFrom("workspaceSnapshots")
    .select(["id", "sessionId", "head", "workTree"])
    .where("sessionId", "=", sessionId)
    .orderBy("createdAt", "desc")
    .executeTakeFirst();

export const findBundle = async (db: Kysely<DB>, id: string): Promise<Buffer | null> =>
  (await db.selectFrom("workspaceSnapshots").select("bundle").where("id", "=", id).executeTakeFirst())?.bundle ?? null;

/** Records a snapshot and forgets all but the newest `keep` of the session; gives the work trees that are left. */
export async function insertSnapshot(
  db: Kysely<DB>,
  snapshot: { sessionId: string; runId: string | null; head: string; workTree: string; bundle: Buffer | null },
  keep: number,
): Promise<string[]> {
  await db.insertInto("workspaceSnapshots").values(snapshot).execute();
  const kept = await db
    .selectFrom("workspaceSnapshots")
    .select(["id", "workTree"])
    .where("sessionId", "=", snapshot.sessionId)
    .orderBy("createdAt", "desc")
    .limit(keep)
    .execute();
  const ids = kept.map(({ id }) => id);
  await db
    .deleteFrom("workspaceSnapshots")
    .where("sessionId", "=", snapshot.sessionId)
    .where("id", "not in", ids)
    .execute();
  return kept.map(({ workTree }) => workTree);
}

/** Of those of these sessions that there are: whether one is at rest since before a time, and its newest snapshot. */
export async function findKeptSnapshots(db: Kysely<DB>, ids: readonly string[], before: Date) {
  const { rows } = await sql<{ id: string; isResting: boolean; newest: string | null }>`
    select s.id, s.status in ('completed', 'failed', 'cancelled', 'archived') and s.updated_at < ${before} as is_resting,
      (select w.work_tree from workspace_snapshots w where w.session_id = s.id order by w.created_at desc limit 1) as newest
    from sessions s where s.id = any(${ids}::uuid[])`.execute(db);
  return new Map(rows.map(({ id, ...row }) => [id, row]));
}
