import { sql, type Kysely } from "kysely";
import type { DB } from "../db/schema.ts";
import type { WorkspaceRow } from "./workspace-queries.ts";

/** A workspace with the runs that wait in it, and what the one that waits longest waits for. */
export interface ViewedWorkspace extends WorkspaceRow {
  queued: number;
  waitingKind: string | null;
  waitingText: string | null;
}

/** All workspaces, or one, by id. */
export async function findViewed(db: Kysely<DB>, workspaceId?: string): Promise<ViewedWorkspace[]> {
  const { rows } = await sql<ViewedWorkspace>`
    select o.*, coalesce(q.queued, 0) as queued, q.waiting_for ->> 'kind' as waiting_kind,
      q.waiting_for ->> 'text' as waiting_text
    from orchestration o
    left join (
      select s.orchestration_id, count(*) as queued, (array_agg(r.waiting_for order by r.queued_at))[1] as waiting_for
      from runs r join sessions s on s.id = r.session_id
      where r.finished_at is null and r.status in ('queued', 'waiting')
      group by 1
    ) q on q.orchestration_id = o.workspace_id
    where ${workspaceId ?? null}::text is null or o.workspace_id = ${workspaceId ?? null}
    order by o.workspace_id`.execute(db);
  return rows;
}

/** Sessions whose run waits because the workspace had as many as desired; those that wait longest come first. */
export const findHeldBack = (db: Kysely<DB>, workspaceId: string, limit: number) =>
  db
    .selectFrom("runs")
    .innerJoin("sessions", "sessions.id", "runs.sessionId")
    .select(["runs.sessionId", "sessions.workerId"])
    .where("sessions.orchestrationId", "=", workspaceId)
    .where("runs.status", "=", "queued")
    .where("runs.finishedAt", "is", null)
    .where(sql<boolean>`runs.waiting_for ->> 'kind' = 'desired'`)
    .orderBy("runs.queuedAt")
    .limit(limit)
    .execute();
