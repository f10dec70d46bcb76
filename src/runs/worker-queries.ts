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

export const touchWorker = (db: Kysely<DB>, id: string) =>
  db.updateTable("workers").set({ seenAt: sql<Date>`now()` }).where("id", "=", id).execute();

/** What the status line shows of runs. */
export async function findRunCounts(db: Kysely<DB>, workerId: string) {
  const { rows } = await sql<{ busy: number; queued: number; waiting: number; costTodayUsd: number }>`
    select
      count(*) filter (where r.status = 'running' and s.worker_id = ${workerId}) as busy,
      count(*) filter (where r.status = 'queued') as queued,
      count(*) filter (where r.status = 'waiting') as waiting,
      (select coalesce(sum(cost_usd), 0) from runs where finished_at >= date_trunc('day', now())) as cost_today_usd
    from runs r join sessions s on s.id = r.session_id
    where r.finished_at is null`.execute(db);
  return rows[0] ?? { busy: 0, queued: 0, waiting: 0, costTodayUsd: 0 };
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
