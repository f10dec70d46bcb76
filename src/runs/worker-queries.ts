import { sql, type Kysely } from "kysely";
import type { DB } from "../db/schema.ts";

interface WorkerRow {
  id: string;
  hostname: string;
  pid: number;
  version: string;
  slots: number;
}

/** Says that this worker is here; its row is what sessions belong to. */
export const upsertWorker = (db: Kysely<DB>, row: WorkerRow) =>
  db
    .insertInto("workers")
    .values(row)
    .onConflict((conflict) =>
      conflict.column("id").doUpdateSet({ ...row, startedAt: sql<Date>`now()`, seenAt: sql<Date>`now()` }),
    )
    .execute();

/** Whether a server or worker ever used this database. */
export const hasWorkers = async (db: Kysely<DB>): Promise<boolean> =>
  (await db.selectFrom("workers").select("id").limit(1).executeTakeFirst()) !== undefined;

export const touchWorker = (db: Kysely<DB>, id: string) =>
  db
    .updateTable("workers")
    .set({ seenAt: sql<Date>`now()` })
    .where("id", "=", id)
    .execute();

/** What the status line shows of runs. */
export async function findRunCounts(db: Kysely<DB>, workerId: string) {
  const { rows } = await sql<{ busy: number; queued: number; waiting: number }>`
    select
      count(*) filter (where r.status = 'running' and s.worker_id = ${workerId}) as busy,
      count(*) filter (where r.status = 'queued') as queued,
      count(*) filter (where r.status = 'waiting') as waiting
    from runs r join sessions s on s.id = r.session_id
    where r.finished_at is null`.execute(db);
  return rows[0] ?? { busy: 0, queued: 0, waiting: 0 };
}

/** Folders under the runs directory that still belong to an unfinished run. */
export const findLiveRunDirs = async (db: Kysely<DB>, workerId: string): Promise<Set<string>> =>
  new Set(
    (
      await db
        .selectFrom("attempts")
        .select("runDir")
        .where("workerId", "=", workerId)
        .where("finishedAt", "is", null)
        .execute()
    ).map((row) => row.runDir),
  );

const NO_SESSION = "00000000-0000-0000-0000-000000000000";

/** Not seen for so long, a worker is gone: three of its signs of life are missing. */
export const LOST_SECONDS = 15;

export interface LostSession {
  id: string;
  workerId: string;
  kind: string;
  projectPath: string | null;
  createdAt: Date;
}

/** Sessions with unfinished runs whose worker is gone, without a lease that still lives; a page, the oldest first. */
export async function findSessionsOfLostWorkers(
  db: Kysely<DB>,
  workerId: string,
  { limit, after }: { limit: number; after: LostSession | undefined },
): Promise<LostSession[]> {
  const { rows } = await sql<LostSession>`
    select s.id, s.created_at, s.worker_id, coalesce(w.kind, s.project_type) as kind, s.project_path
    from sessions s
    join workers on workers.id = s.worker_id
    left join workspaces w on w.session_id = s.id
    left join session_leases lease on lease.session_id = s.id
    where workers.seen_at < now() - make_interval(secs => ${LOST_SECONDS}) and s.worker_id <> ${workerId}
      and (lease.expires_at is null or lease.expires_at < now())
      and exists (select 1 from runs where runs.session_id = s.id and runs.finished_at is null)
      and (s.created_at, s.id) > (${after?.createdAt ?? "-infinity"}, ${after?.id ?? NO_SESSION}::uuid)
    order by s.created_at, s.id limit ${limit}`.execute(db);
  return rows;
}

/** Gives the session to this worker, unless it has moved or its worker is back. */
export async function moveToWorker(
  db: Kysely<DB>,
  session: { id: string; workerId: string },
  workerId: string,
): Promise<boolean> {
  const { rows } = await sql<{ id: string }>`
    update sessions set worker_id = ${workerId} from workers
    where sessions.id = ${session.id} and sessions.worker_id = ${session.workerId} and workers.id = sessions.worker_id
      and workers.seen_at < now() - make_interval(secs => ${LOST_SECONDS})
    returning sessions.id`.execute(db);
  return rows.length > 0;
}

/** The worker with the most room for a session that may live anywhere; this one when no other is seen. */
export async function chooseWorker(db: Kysely<DB>, workerId: string): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    select w.id from workers w
    left join sessions s on s.worker_id = w.id
      and exists (select 1 from runs r where r.session_id = s.id and r.finished_at is null)
    where w.seen_at > now() - make_interval(secs => ${LOST_SECONDS}) or w.id = ${workerId}
    group by w.id, w.slots order by count(s.id)::float / w.slots, (w.id = ${workerId}) desc limit 1`.execute(db);
  return rows[0]?.id ?? workerId;
}
