import { sql, type Insertable, type Kysely } from "kysely";
import type { ScheduleFire } from "../contract/schedule.ts";
import type { DB, ScheduleFires } from "../db/schema.ts";
import { CURSOR_TIME, CURSOR_UUID, decodeCursor } from "../lib/cursor.ts";

/** Of each schedule so many are kept, the newest. */
const KEPT = 1_000;

export type FireRow = NonNullable<Awaited<ReturnType<typeof findFire>>>;

const selectFires = (db: Kysely<DB>) =>
  db
    .selectFrom("scheduleFires")
    .leftJoin("runs", "runs.id", "scheduleFires.runId")
    .selectAll("scheduleFires")
    .select("runs.status as runStatus");

export const findFire = (db: Kysely<DB>, id: string) =>
  selectFires(db).where("scheduleFires.id", "=", id).executeTakeFirst();

export const findFireByKey = (db: Kysely<DB>, scheduleId: string, requestKey: string) =>
  selectFires(db)
    .where("scheduleFires.scheduleId", "=", scheduleId)
    .where("requestKey", "=", requestKey)
    .executeTakeFirst();

/** A schedule's history, newest first; one more than `limit` when there are more. */
export function findFires(db: Kysely<DB>, scheduleId: string, page: { limit: number; cursor?: string | undefined }) {
  let query = selectFires(db).where("scheduleFires.scheduleId", "=", scheduleId);
  if (page.cursor) {
    const [dueAt, id] = decodeCursor(page.cursor, [CURSOR_TIME, CURSOR_UUID]);
    query = query.where(sql<boolean>`(due_at, schedule_fires.id) < (${dueAt}::timestamptz, ${id}::uuid)`);
  }
  return query
    .orderBy("dueAt", "desc")
    .orderBy("scheduleFires.id", "desc")
    .limit(page.limit + 1)
    .execute();
}

type NewFire = Insertable<ScheduleFires> & Pick<ScheduleFire, "status" | "cause">;

/** Writes what became of a time; undefined when that was decided before, by whomever. */
export const insertFire = (tx: Kysely<DB>, row: NewFire) =>
  tx
    .insertInto("scheduleFires")
    .values(row)
    .onConflict((conflict) => conflict.columns(["scheduleId", "dueAt"]).doNothing())
    .returning("id")
    .executeTakeFirst();

export async function insertMissed(
  tx: Kysely<DB>,
  scheduleId: string,
  missed: readonly { dueAt: Date; reason: string }[],
): Promise<void> {
  for (const row of missed) await insertFire(tx, { ...row, scheduleId, cause: "time", status: "missed" });
}

/** Says what a fire started. Without a run there is nothing to wait for: it is settled at once. */
export const markStarted = (
  tx: Kysely<DB>,
  id: string,
  { sessionId, runId, at }: { sessionId: string; runId: string | null; at: Date },
) =>
  tx
    .updateTable("scheduleFires")
    .set({ status: "fired", reason: null, sessionId, runId, firedAt: at, settledAt: runId === null ? at : null })
    .where("id", "=", id)
    .execute();

/** Ends what waited. */
export const endQueued = (tx: Kysely<DB>, id: string, end: { status: "failed" | "skipped"; reason: string }) =>
  tx.updateTable("scheduleFires").set(end).where("id", "=", id).where("status", "=", "queued").execute();

/** A paused schedule starts nothing, nor what waits. */
export const skipQueued = (tx: Kysely<DB>, scheduleId: string, reason: string) =>
  tx
    .updateTable("scheduleFires")
    .set({ status: "skipped", reason })
    .where("scheduleId", "=", scheduleId)
    .where("status", "=", "queued")
    .execute();

/** What a schedule started last that is still at work, and how many wait behind it. */
export async function findOpen(tx: Kysely<DB>, scheduleId: string): Promise<{ atWork: string | null; queued: number }> {
  const { rows } = await sql<{ atWork: string | null; queued: number }>`select
      (select f.session_id::text from schedule_fires f join runs r on r.id = f.run_id
        where f.schedule_id = ${scheduleId} and f.status = 'fired' and f.settled_at is null
          and r.finished_at is null limit 1) as at_work,
      (select count(*) from schedule_fires where schedule_id = ${scheduleId} and status = 'queued') as queued`.execute(
    tx,
  );
  return rows[0] ?? { atWork: null, queued: 0 };
}

/** Fires whose run has ended, or is gone, and was not counted yet. */
export async function findEnded(db: Kysely<DB>, limit: number): Promise<{ id: string; scheduleId: string }[]> {
  const { rows } = await sql<{ id: string; scheduleId: string }>`
    select f.id, f.schedule_id from schedule_fires f left join runs r on r.id = f.run_id
    where f.status = 'fired' and f.settled_at is null and (r.id is null or r.finished_at is not null)
    order by r.finished_at limit ${limit}`.execute(db);
  return rows;
}

/** Takes the end of a run down; undefined when it was taken down before. */
export async function settleFire(tx: Kysely<DB>, id: string, at: Date): Promise<FireRow | undefined> {
  const settled = await tx
    .updateTable("scheduleFires")
    .set({ settledAt: at })
    .where("id", "=", id)
    .where("settledAt", "is", null)
    .returning("id")
    .executeTakeFirst();
  return settled && findFire(tx, id);
}

export interface Queued {
  id: string;
  scheduleId: string;
  dueAt: Date;
}

/** The fire that has waited longest of each schedule, or of one, in which nothing is at work. */
export async function findStartable(db: Kysely<DB>, limit: number, only: string | null = null): Promise<Queued[]> {
  const { rows } = await sql<Queued>`
    select distinct on (q.schedule_id) q.id, q.schedule_id, q.due_at from schedule_fires q
    where q.status = 'queued' and (${only}::uuid is null or q.schedule_id = ${only}::uuid) and not exists (
      select from schedule_fires f where f.schedule_id = q.schedule_id and f.status = 'fired' and f.settled_at is null)
    order by q.schedule_id, q.due_at limit ${limit}`.execute(db);
  return rows;
}

/** Keeps the history of a schedule bounded; what is open stays. */
export const forgetOldFires = (tx: Kysely<DB>, scheduleId: string) =>
  sql`delete from schedule_fires where schedule_id = ${scheduleId} and status <> 'queued'
      and (status <> 'fired' or settled_at is not null)
      and due_at <= (select due_at from schedule_fires where schedule_id = ${scheduleId}
        order by due_at desc offset ${KEPT} limit 1)`.execute(tx);
