import type { Database } from "../db/database.ts";
import { AppError } from "../lib/errors.ts";
import { findFire, findFireByKey, type FireRow } from "./fire-queries.ts";
import { fire, holdsBack } from "./fire-schedule.ts";
import { lockSchedule, type ScheduleRow } from "./schedule-queries.ts";
import { inWords, prepareWork, type WorkParts } from "./scheduled-work.ts";

interface Parts extends WorkParts {
  db: Database;
}

/** Fires a schedule now; with a key, once for that key. AppError "conflict" says why it cannot be started now. */
export async function fireByHand(parts: Parts, seen: ScheduleRow, requestKey?: string): Promise<FireRow> {
  const { db } = parts;
  const { id } = seen;
  const before = requestKey === undefined ? undefined : await findFireByKey(db, id, requestKey);
  if (before) return before;
  const now = new Date();
  const work = await prepareWork(parts, seen, now).catch((error: unknown) => {
    throw error instanceof AppError ? new AppError("conflict", inWords(error), { cause: error }) : error;
  });
  return db.transaction().execute(async (tx) => {
    const schedule = await lockSchedule(tx, id);
    if (!schedule) throw new AppError("not_found", `There is no schedule ${id}`);
    const same = requestKey === undefined ? undefined : await findFireByKey(tx, id, requestKey);
    if (same) return same;
    const held = await holdsBack(tx, schedule);
    if (held?.status === "skipped") throw new AppError("conflict", held.reason);
    const wanted = { dueAt: now, cause: "hand", requestKey } as const;
    const fired = await fire(tx, schedule, { wanted, prepared: { is: "ready", work }, now });
    const row = fired && (await findFire(tx, fired.id));
    if (!row) throw new AppError("conflict", "It fires at this very moment");
    return row;
  });
}
