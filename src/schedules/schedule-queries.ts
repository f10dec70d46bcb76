import { sql, type Insertable, type Kysely, type Selectable, type Updateable } from "kysely";
import type { ScheduledStart } from "../contract/schedule.ts";
import type { Timing } from "../contract/timing.ts";
import type { DB, Schedules } from "../db/schema.ts";
import { CURSOR_TIME, CURSOR_UUID, decodeCursor } from "../lib/cursor.ts";

/** What is in its columns was checked when it was written. */
export type ScheduleRow = Omit<Selectable<Schedules>, "start" | "overlap" | "missed"> &
  Pick<Timing, "overlap" | "missed"> & { start: Omit<ScheduledStart, "template"> | null };
export type DueRow = ScheduleRow & { nextDueAt: Date };
export type NamedRow = ScheduleRow & { templateName: string | null };

const named = (db: Kysely<DB>) =>
  db
    .selectFrom("schedules")
    .leftJoin("templates", "templates.id", "schedules.templateId")
    .selectAll("schedules")
    .select("templates.name as templateName");

export async function findSchedule(db: Kysely<DB>, id: string): Promise<NamedRow | undefined> {
  return (await named(db).where("schedules.id", "=", id).executeTakeFirst()) as NamedRow | undefined;
}

const CREATED = sql<Date>`date_trunc('milliseconds', schedules.created_at)`;

/** Newest first; one more than `limit` when there are more. */
export async function findSchedules(
  db: Kysely<DB>,
  page: { limit: number; cursor?: string | undefined },
): Promise<NamedRow[]> {
  let query = named(db);
  if (page.cursor) {
    const [createdAt, id] = decodeCursor(page.cursor, [CURSOR_TIME, CURSOR_UUID]);
    query = query.where(sql<boolean>`(${CREATED}, schedules.id) < (${createdAt}::timestamptz, ${id}::uuid)`);
  }
  const rows = await query
    .orderBy(CREATED, "desc")
    .orderBy("schedules.id", "desc")
    .limit(page.limit + 1)
    .execute();
  return rows as NamedRow[];
}

export const insertSchedule = (db: Kysely<DB>, row: Insertable<Schedules>) =>
  db.insertInto("schedules").values(row).returning("id").executeTakeFirstOrThrow();

export const updateSchedule = (db: Kysely<DB>, id: string, change: Updateable<Schedules>) =>
  db.updateTable("schedules").set(change).where("id", "=", id).execute();

/** Its history goes with it; what it started stays. False when there was none. */
export async function deleteSchedule(db: Kysely<DB>, id: string): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom("schedules").where("id", "=", id).executeTakeFirst();
  return numDeletedRows > 0n;
}

/** The schedule, locked until the transaction ends: whoever fires, counts or changes it takes this lock first. */
export async function lockSchedule(db: Kysely<DB>, id: string): Promise<ScheduleRow | undefined> {
  const row = await db.selectFrom("schedules").selectAll().where("id", "=", id).forUpdate().executeTakeFirst();
  return row as ScheduleRow | undefined;
}

/** What is due, longest first. */
export async function findDueSchedules(db: Kysely<DB>, now: Date, limit: number): Promise<DueRow[]> {
  const rows = await db
    .selectFrom("schedules")
    .selectAll()
    .where("nextDueAt", "<=", now)
    .orderBy("nextDueAt")
    .limit(limit)
    .execute();
  return rows as DueRow[];
}

/** Locks a schedule that is due still as it was seen; undefined when another process has it in hand, or had. */
export async function lockDue(db: Kysely<DB>, { id, nextDueAt }: DueRow): Promise<ScheduleRow | undefined> {
  const row = await db
    .selectFrom("schedules")
    .selectAll()
    .where("id", "=", id)
    .where("nextDueAt", "=", nextDueAt)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst();
  return row as ScheduleRow | undefined;
}
