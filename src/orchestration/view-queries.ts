import { sql, type Kysely } from "kysely";
import type { DB } from "../db/schema.ts";
import type { WorkspaceRow } from "./workspace-queries.ts";

/** A workspace with the runs that wait in it, and what the one that waits longest waits for. */
export interface ViewedWorkspace extends WorkspaceRow {
  queued: number;
  waitingKind: string | null;
  waitingText: string | null;
  /** The whole installation is paused. */
  allPaused: boolean;
  allPausedBy: string | null;
}

/** All workspaces, or one, by id. */
export async function findViewed(db: Kysely<DB>, workspaceId?: string): Promise<ViewedWorkspace[]> {
  const { rows } = await sql<ViewedWorkspace>`
    select o.*, coalesce(q.queued, 0) as queued, q.waiting_for ->> 'kind' as waiting_kind,
      q.waiting_for ->> 'text' as waiting_text, t.paused as all_paused, t.paused_by as all_paused_by
    from orchestration o
    cross join orchestration_totals t
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

/** Sessions whose run waits because of what is desired, in one workspace or in all; those that wait longest come first. */
export const findHeldBack = (db: Kysely<DB>, workspaceId: string | undefined, limit: number) =>
  db
    .selectFrom("runs")
    .innerJoin("sessions", "sessions.id", "runs.sessionId")
    .select(["runs.sessionId", "sessions.workerId"])
    .$if(workspaceId !== undefined, (query) => query.where("sessions.orchestrationId", "=", workspaceId ?? null))
    .where("runs.status", "=", "queued")
    .where("runs.finishedAt", "is", null)
    .where(sql<boolean>`runs.waiting_for ->> 'kind' = 'desired'`)
    .orderBy("runs.queuedAt")
    .limit(limit)
    .execute();
