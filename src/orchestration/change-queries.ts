import { sql, type Kysely, type Selectable } from "kysely";
import type { DB, OrchestrationHistory } from "../db/schema.ts";
import { CURSOR_NUMBER, decodeCursor } from "../lib/cursor.ts";

export type ChangeRow = Selectable<OrchestrationHistory>;

/** All workspaces and totals as one moment saw them. */
export async function readEverything(db: Kysely<DB>) {
  return db
    .transaction()
    .setIsolationLevel("repeatable read")
    .execute(async (tx) => {
      const totals = await tx
        .selectFrom("orchestrationTotals")
        .select(["seq", "running", "desired", "paused"])
        .executeTakeFirstOrThrow();
      const workspaces = await tx
        .selectFrom("orchestration")
        .select(["workspaceId", "running", "desired", "version", "paused"])
        .execute();
      return { totals, workspaces };
    });
}

/** What sockets are told of: a change of a workspace, or of all, with the totals after it; or an event of a project. */
export interface Told {
  seq: number;
  kind: string | null;
  workspaceId: string | null;
  version: number;
  running: number;
  desired: number | null;
  paused: boolean;
  globalRunning: number;
  globalDesired: number;
  projectNumber: number | null;
  event: unknown;
}

/** What happened after `seq`, in order; one statement, so that nothing committed between two is passed over. */
export async function findToldAfter(db: Kysely<DB>, seq: number, limit: number): Promise<Told[]> {
  const { rows } = await sql<Told>`
    select seq, kind, workspace_id, version, running, desired, paused, global_running, global_desired,
      null::bigint as project_number, null::jsonb as event
    from orchestration_history where seq > ${seq}
    union all
    select seq, null, null, 0, 0, null, false, 0, 0, project_number, event
    from orchestration_project_events where seq > ${seq}
    order by seq limit ${limit}`.execute(db);
  return rows;
}

/** Changes newest first; one more than `limit` when there are more. */
export function findHistory(
  db: Kysely<DB>,
  { workspaceId, since }: { workspaceId?: string | undefined; since?: string | undefined },
  page: { limit: number; cursor?: string | undefined },
): Promise<ChangeRow[]> {
  let query = db.selectFrom("orchestrationHistory").selectAll();
  if (workspaceId !== undefined) query = query.where("workspaceId", "=", workspaceId);
  if (since !== undefined) query = query.where("at", ">=", new Date(since));
  if (page.cursor !== undefined) {
    const [seq] = decodeCursor(page.cursor, [CURSOR_NUMBER]);
    query = query.where("seq", "<", Number(seq));
  }
  return query
    .orderBy("seq", "desc")
    .limit(page.limit + 1)
    .execute();
}

const HISTORY_DAYS = 90;
const PROJECT_EVENT_MINUTES = 60;
const WORKTREE_DAYS = 90;

/** Rows taken away in one go, so that no one waits for it. */
const CLEANED_AT_ONCE = 5_000;

export async function cleanHistory(db: Kysely<DB>): Promise<void> {
  await sql`delete from orchestration_history where seq in (
    select seq from orchestration_history where at < now() - make_interval(days => ${HISTORY_DAYS})
    order by seq limit ${CLEANED_AT_ONCE})`.execute(db);
  await sql`delete from orchestration_project_events where seq in (
    select seq from orchestration_project_events where at < now() - make_interval(mins => ${PROJECT_EVENT_MINUTES})
    order by seq limit ${CLEANED_AT_ONCE})`.execute(db);
  await sql`delete from orchestration_worktrees
    where updated_at < now() - make_interval(days => ${WORKTREE_DAYS})`.execute(db);
}
