import { sql } from "kysely";
import type { Transaction } from "../db/database.ts";
import type { DesiredCounts } from "./admission.ts";

/** What the run's workspace of orchestration may have and has; undefined when nobody has ever counted it. */
export async function findDesired(
  tx: Transaction,
  run: { id: string; sessionId: string },
): Promise<DesiredCounts | undefined> {
  const { rows } = await sql<DesiredCounts>`
    select o.workspace_id, o.desired, o.paused, o.paused_by, o.reported + (
      select count(*) from runs r join sessions s on s.id = r.session_id
      where s.orchestration_id = o.workspace_id and r.finished_at is null and r.status = 'running' and r.id <> ${run.id}
    ) as running
    from sessions mine join orchestration o on o.workspace_id = mine.orchestration_id
    where mine.id = ${run.sessionId}`.execute(tx);
  return rows[0];
}

/** Rows of (workspace_id, room): how many more runs may begin in each workspace that is not free to begin any number. */
export const selectRoom = sql`
  select o.workspace_id,
    case when o.paused then 0 else o.desired - o.reported - coalesce(counted.running, 0) end as room
  from orchestration o
  left join (
    select s.orchestration_id, count(*) as running from runs r join sessions s on s.id = r.session_id
    where r.status = 'running' group by 1
  ) counted on counted.orchestration_id = o.workspace_id
  where o.paused or o.desired is not null`;
