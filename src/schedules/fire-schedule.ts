import type { ScheduleFire } from "../contract/schedule.ts";
import type { Transaction } from "../db/database.ts";
import { findOpen, forgetOldFires, insertFire, markStarted, skipQueued } from "./fire-queries.ts";
import { updateSchedule, type ScheduleRow } from "./schedule-queries.ts";
import type { Work } from "./scheduled-work.ts";

/** Fires of one schedule that may wait; a line that is due more often than its work takes would fill the ledger. */
const MAX_QUEUED = 10;
/** Failures in a row after which a schedule is paused: the next ones would fail too, and cost. */
const MAX_FAILURES = 3;

export interface Wanted {
  dueAt: Date;
  cause: ScheduleFire["cause"];
  requestKey?: string | undefined;
}

/** What can be started, or why it cannot. */
export type Prepared = { is: "ready"; work: Work } | { is: "failed"; reason: string };

/**
 * Decides about one time a schedule is due, and writes that down with what it starts: of all that try it happens once.
 * The caller holds the schedule's row lock. Returns the fire's id; undefined when it was decided before.
 */
export async function fire(
  tx: Transaction,
  schedule: ScheduleRow,
  { wanted, prepared, now }: { wanted: Wanted; prepared: Prepared; now: Date },
): Promise<{ id: string; status: ScheduleFire["status"] } | undefined> {
  const { dueAt, cause, requestKey = null } = wanted;
  const row = { scheduleId: schedule.id, dueAt, cause, requestKey };
  const held = await holdsBack(tx, schedule);
  if (held) return note(tx, { ...row, ...held });
  if (prepared.is === "failed") {
    const failed = await note(tx, { ...row, status: "failed", reason: prepared.reason });
    if (failed) await countFailure(tx, schedule, { reason: prepared.reason, now });
    return failed;
  }
  const fired = await note(tx, { ...row, status: "fired", firedAt: now });
  if (fired) await markStarted(tx, fired.id, { ...(await prepared.work(tx)), at: now });
  return fired;
}

async function note(tx: Transaction, row: Parameters<typeof insertFire>[1]) {
  const inserted = await insertFire(tx, row);
  if (inserted) await forgetOldFires(tx, row.scheduleId);
  return inserted && { id: inserted.id, status: row.status };
}

/** Whether what was started before is still at work, and what that makes of the next. */
export async function holdsBack(
  tx: Transaction,
  { id, overlap }: Pick<ScheduleRow, "id" | "overlap">,
): Promise<{ status: "skipped" | "queued"; reason: string } | undefined> {
  const { atWork, queued } = await findOpen(tx, id);
  if (atWork === null && queued === 0) return undefined;
  if (overlap === "skip")
    return {
      status: "skipped",
      reason: atWork === null ? "Others wait before it." : `Session ${atWork} is still at work on the one before.`,
    };
  if (queued >= MAX_QUEUED) return { status: "skipped", reason: `${MAX_QUEUED} wait already.` };
  return { status: "queued", reason: "Waits for the one before." };
}

/** One more failure in a row; the third pauses the schedule. The caller holds its row lock. */
export async function countFailure(
  tx: Transaction,
  { id, failures }: Pick<ScheduleRow, "id" | "failures">,
  { reason, now }: { reason: string; now: Date },
): Promise<void> {
  const count = failures + 1;
  if (count < MAX_FAILURES) return void (await updateSchedule(tx, id, { failures: count }));
  const pausedReason = `${count} in a row failed; the last one: ${reason}`.slice(0, 2_000).toWellFormed();
  await updateSchedule(tx, id, { failures: count, pausedAt: now, pausedReason, nextDueAt: null });
  await skipQueued(tx, id, "The schedule was paused.");
}
