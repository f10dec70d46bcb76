import { sql } from "kysely";
import { holdAdmission } from "../db/admission-lock.ts";
import type { Database } from "../db/database.ts";
import { changeWorkspace, type Change, type Values } from "./workspace-queries.ts";

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

/** For how long a report of an editor counts. */
export const REPORT_SECONDS = 300;

export const reportUntil = () => sql<Date>`now() + make_interval(secs => ${REPORT_SECONDS})`;
