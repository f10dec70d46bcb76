import type { PageQuery } from "../contract/page.ts";
import type { CreateSchedule, Schedule, ScheduleFire, UpdateSchedule } from "../contract/schedule.ts";
import type { Database } from "../db/database.ts";
import type { RequestKey } from "../http/idempotency-key.ts";
import { nextDue } from "../lib/cron-line.ts";
import { encodeCursor, toPage } from "../lib/cursor.ts";
import { AppError } from "../lib/errors.ts";
import { changedContent, contentOf, type Content } from "./check-schedule.ts";
import { createStartChecks, type StartCheckParts } from "./check-start.ts";
import { fireByHand } from "./fire-by-hand.ts";
import { findFires, skipQueued } from "./fire-queries.ts";
import { presentFire, presentSchedule } from "./present-schedule.ts";
import {
  deleteSchedule,
  findSchedule,
  findSchedules,
  insertSchedule,
  lockSchedule,
  updateSchedule,
  type NamedRow,
  type ScheduleRow,
} from "./schedule-queries.ts";

export interface ScheduleParts extends StartCheckParts {
  db: Database;
}

export type ScheduleService = ReturnType<typeof createScheduleService>;

const notFound = (id: string) => new AppError("not_found", `There is no schedule ${id}`);

/** What is started or continued again and again, and what became of each time. */
export function createScheduleService(parts: ScheduleParts) {
  const { db } = parts;
  const { templateOf, checkStartable } = createStartChecks(parts);

  async function find(id: string): Promise<NamedRow> {
    const row = await findSchedule(db, id);
    if (!row) throw notFound(id);
    return row;
  }

  const read = async (id: string): Promise<Schedule> => presentSchedule(await find(id), new Date());

  return {
    get: read,

    async list(page: PageQuery) {
      const now = new Date();
      return toPage(await findSchedules(db, page), page.limit, {
        present: (row) => presentSchedule(row, now),
        cursor: (row) => encodeCursor(row.createdAt.toISOString(), row.id),
      });
    },

    async create(body: CreateSchedule): Promise<Schedule> {
      const content = contentOf(body, await templateOf(body));
      await checkStartable(content);
      const { id } = await insertSchedule(db, {
        ...content,
        ...(body.paused ? pause(new Date()) : resume(content, new Date())),
      });
      return read(id);
    },

    async update(id: string, body: UpdateSchedule): Promise<Schedule> {
      const template = await templateOf(body);
      const before = await find(id);
      if (body.start || body.continue) await checkStartable(changedContent(before, body, template));
      await db.transaction().execute(async (tx) => {
        const row = await lockSchedule(tx, id);
        if (!row) throw notFound(id);
        const now = new Date();
        const content = changedContent(row, body, template);
        await updateSchedule(tx, id, {
          ...content,
          ...stateOf(row, content, { now, paused: body.paused }),
          updatedAt: now,
        });
        if (body.paused) await skipQueued(tx, id, "The schedule was paused.");
      });
      return read(id);
    },

    async delete(id: string): Promise<void> {
      if (!(await deleteSchedule(db, id))) throw notFound(id);
    },

    async history(id: string, page: PageQuery) {
      await find(id);
      return toPage(await findFires(db, id, page), page.limit, {
        present: presentFire,
        cursor: (row) => encodeCursor(row.dueAt.toISOString(), row.id),
      });
    },

    /** Fires now, due or not, paused or not; once for each key. AppError "conflict" when it cannot be started now. */
    async fire(id: string, key?: RequestKey): Promise<ScheduleFire> {
      return presentFire(await fireByHand(parts, await find(id), key && `${key.door} ${key.externalId}`));
    },
  };
}

const pause = (now: Date) => ({ pausedAt: now, pausedReason: "Paused by hand.", nextDueAt: null });

/** From now on: what was due while it was paused was not meant to be. */
const resume = ({ cron, timeZone }: Pick<Content, "cron" | "timeZone">, now: Date) => ({
  pausedAt: null,
  pausedReason: null,
  failures: 0,
  nextDueAt: nextDue(cron, timeZone, now) ?? null,
});

/** Whether it is due from now on: when it is resumed, and when its times have changed. */
function stateOf(row: ScheduleRow, content: Content, { paused, now }: { paused: boolean | undefined; now: Date }) {
  const wasPaused = row.pausedAt !== null;
  if (paused ?? wasPaused) return wasPaused ? {} : pause(now);
  if (wasPaused) return resume(content, now);
  const isMoved = content.cron !== row.cron || content.timeZone !== row.timeZone;
  return isMoved ? { nextDueAt: nextDue(content.cron, content.timeZone, now) ?? null } : {};
}
