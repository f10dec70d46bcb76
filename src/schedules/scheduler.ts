import type { Database } from "../db/database.ts";
import type { Logger } from "../lib/logger.ts";
import { isDatabaseOutage } from "../lib/outage.ts";
import {
  endQueued,
  findEnded,
  findStartable,
  insertMissed,
  markStarted,
  settleFire,
  type Queued,
} from "./fire-queries.ts";
import { countFailure, fire, type Prepared } from "./fire-schedule.ts";
import { planDue } from "./plan-due.ts";
import {
  findDueSchedules,
  findSchedule,
  lockDue,
  lockSchedule,
  updateSchedule,
  type DueRow,
} from "./schedule-queries.ts";
import type { WorkParts } from "./scheduled-work.ts";
import { startOrSay } from "./start-or-say.ts";

/** Of each kind in one tick; the rest comes with the next. */
const MAX_A_TICK = 100;

interface Parts extends WorkParts {
  db: Database;
  log: Logger;
}

/**
 * Looks what is due and fires it. Any number of processes may do so at once and be killed at any moment: each time of a
 * schedule is decided about in one transaction, under the schedule's row lock and a unique key.
 */
export function createScheduler(parts: Parts) {
  const { db, log } = parts;

  /** One that fails keeps no other from its time. */
  async function each<T>(found: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
    for (const item of found)
      await work(item).catch((error: unknown) => {
        if (isDatabaseOutage(error)) throw error;
        log.error({ err: error }, "a schedule could not be looked after");
      });
  }

  return {
    /** Everything that is due at `now`. */
    async tick(now: Date): Promise<void> {
      await each(await findEnded(db, MAX_A_TICK), (ended) => settle(db, ended, now));
      await each(await findStartable(db, MAX_A_TICK), (queued) => startQueued(parts, queued, now));
      await each(await findDueSchedules(db, now, MAX_A_TICK), (due) => fireDue(parts, due, now));
    },
  };
}

async function fireDue(parts: Parts, seen: DueRow, now: Date): Promise<void> {
  const { db, log } = parts;
  const { fire: wanted, missed, next } = planDue(seen, now);
  const decide = (prepared?: Prepared): Promise<void> =>
    db.transaction().execute(async (tx) => {
      const schedule = await lockDue(tx, seen);
      if (!schedule) return;
      await updateSchedule(tx, seen.id, { nextDueAt: next });
      await insertMissed(tx, seen.id, missed);
      if (!wanted || !prepared) return;
      const fired = await fire(tx, schedule, { wanted, prepared, now });
      if (fired) log.info({ scheduleId: seen.id, dueAt: wanted.dueAt, status: fired.status }, "schedule was due");
    });
  if (wanted) await startOrSay(parts, { schedule: seen, dueAt: wanted.dueAt }, decide);
  else await decide();
}

/** Counts the end of a run. What somebody asked for by hand counts neither way. */
const settle = (db: Database, { id, scheduleId }: { id: string; scheduleId: string }, now: Date): Promise<void> =>
  db.transaction().execute(async (tx) => {
    const schedule = await lockSchedule(tx, scheduleId);
    const settled = schedule && (await settleFire(tx, id, now));
    if (!settled || settled.cause === "hand" || schedule.pausedAt) return;
    if (settled.runStatus === "succeeded") await updateSchedule(tx, scheduleId, { failures: 0 });
    if (settled.runStatus !== "failed") return;
    await countFailure(tx, schedule, { reason: `the run of session ${settled.sessionId} failed`, now });
  });

/** Starts what waited for the one before, once that is over. */
async function startQueued(parts: Parts, { id, scheduleId, dueAt }: Queued, now: Date): Promise<void> {
  const { db } = parts;
  const seen = await findSchedule(db, scheduleId);
  if (!seen) return;
  await startOrSay(parts, { schedule: seen, dueAt }, (prepared) =>
    db.transaction().execute(async (tx) => {
      const schedule = await lockSchedule(tx, scheduleId);
      const [first] = await findStartable(tx, 1, scheduleId);
      if (!schedule || first?.id !== id) return;
      if (prepared.is === "ready") return void (await markStarted(tx, id, { ...(await prepared.work(tx)), at: now }));
      await endQueued(tx, id, { status: "failed", reason: prepared.reason });
      await countFailure(tx, schedule, { reason: prepared.reason, now });
    }),
  );
}
