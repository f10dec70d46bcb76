import { sql, type Kysely } from "kysely";
import type { DB } from "../db/schema.ts";
import { selectRoom } from "./desired-queries.ts";

/**
 * Sessions of a worker that have something to do and no actor that lives: a run that is not over, or copies of what one
 * left that were never made. What is on comes first, then those that waited longest.
 *
 * A session that said before that it waits for its workspace of orchestration, or for its folder, is ready only when
 * there is room for it, as many as there is room for: thousands that wait in one workspace must not stand before the
 * one that is free in another. Of the others, `held` are given, by chance.
 */
export async function findDueSessions(
  db: Kysely<DB>,
  workerId: string,
  { ready, held }: { ready: number; held: number },
): Promise<{ sessionId: string }[]> {
  const { rows } = await sql<{ sessionId: string }>`
    with limited as (${selectRoom}), busy as (
      select w.path from runs r join workspaces w on w.session_id = r.session_id where r.status = 'running'
    ), unfinished as (
      select r.session_id, r.status = 'running' as is_on, r.queued_at as since, r.waiting_for ->> 'kind' as kind,
        case r.waiting_for ->> 'kind'
          when 'desired' then s.orchestration_id
          when 'workspace' then (select w.path from workspaces w where w.session_id = r.session_id)
        end as place
      from runs r
      join sessions s on s.id = r.session_id
      left join session_leases lease on lease.session_id = r.session_id
      where r.finished_at is null and s.worker_id = ${workerId} and (s.wake_at is null or s.wake_at <= now())
        and (lease.expires_at is null or lease.expires_at < now())
        -- What comes after a session's oldest run waits with it, and says nothing of its own.
        and (r.number = 1 or r.status <> 'queued' or r.waiting_for is not null or not exists (
          select from runs before
          where before.session_id = r.session_id and before.finished_at is null and before.number < r.number))
    ), waiting as (
      select u.*, case
          when u.kind = 'workspace' then case when u.place in (select path from busy) then 0 else 1 end
          when u.kind = 'desired' then case when everything.paused then 0 else limited.room end
        end as room
      from unfinished u
      cross join orchestration_totals everything
      left join limited on limited.workspace_id = u.place and u.kind = 'desired'
    ), unkept as (
      select r.session_id, a.finished_at as since from attempts a
      join runs r on r.id = a.run_id
      join sessions s on s.id = r.session_id
      left join session_leases lease on lease.session_id = r.session_id
      where a.worker_id = ${workerId} and s.worker_id = ${workerId} and a.finished_at is not null and a.kept_at is null
        and (lease.expires_at is null or lease.expires_at < now())
    )
    (select session_id from (
        select session_id, is_on, since from waiting where room is null
        union all
        select session_id, is_on, since from (
          select *, row_number() over (partition by kind, place order by since) as position from waiting where room > 0
        ) queues where position <= room
        union all
        select session_id, false, since from unkept
      ) due group by session_id order by bool_or(is_on) desc, min(since) limit ${ready})
    union
    (select session_id from waiting where room is not null order by random() limit ${held})`.execute(db);
  return rows;
}
