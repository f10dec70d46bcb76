import { sql } from "kysely";
import { holdAdmission } from "../db/admission-lock.ts";
import type { Database } from "../db/database.ts";
import { notify } from "../db/notify.ts";
import { changeWorkspace, CHANGES, type Change, lockTotals, type Values } from "./workspace-queries.ts";

export interface Setting extends Omit<Change, "set"> {
  change: Values;
  /** The version the caller has seen; undefined when the last write shall win. */
  ifVersion?: number | undefined;
}

/**
 * Writes what a caller asks for, unless the workspace is not what the caller believes. No run is admitted meanwhile, so
 * that none starts by the value before.
 */
export async function writeSetting(db: Database, { change, ifVersion, ...rest }: Setting) {
  return db.transaction().execute(async (tx) => {
    await holdAdmission(tx);
    let isStale = false;
    const after = await changeWorkspace(tx, {
      ...rest,
      set(before) {
        isStale = ifVersion !== undefined && before?.version !== ifVersion;
        return isStale ? undefined : change;
      },
    });
    return { ...after, isStale };
  });
}

/**
 * Holds back every run of the installation, or lets them begin again; workspaces keep what they say of themselves.
 * Nothing is written, and nobody is told, when it is so already.
 */
export async function writePausedAll(db: Database, { paused, actor }: { paused: boolean; actor: string }) {
  await db.transaction().execute(async (tx) => {
    await holdAdmission(tx);
    await lockTotals(tx);
    await sql`
      with totals as (
        update orchestration_totals set seq = seq + 1, paused = ${paused},
          paused_by = ${paused ? actor : null}, paused_at = ${paused ? sql`now()` : null}
        where paused <> ${paused}
        returning *
      )
      insert into orchestration_history
        (seq, kind, actor, workspace_id, version, running, desired, paused, global_running, global_desired)
      select seq, ${paused ? "paused" : "resumed"}, ${actor}, null, 0, 0, null, paused, running, desired
      from totals`.execute(tx);
    await notify(tx, CHANGES, "");
  });
}

/** For how long a report of an editor counts. */
export const REPORT_SECONDS = 300;

export const reportUntil = () => sql<Date>`now() + make_interval(secs => ${REPORT_SECONDS})`;
