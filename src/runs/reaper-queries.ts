import { sql, type Kysely } from "kysely";
import type { DB } from "../db/schema.ts";

export interface KnownAttempt {
  runId: string;
  /** Null when the run has no attempt yet. */
  attempt: number | null;
  /** Its end is recorded, and was some time ago. */
  isOver: boolean;
}

/** What was recorded a moment ago may still be tidying up after itself. */
const GRACE_SECONDS = 10;

/** What the ledger knows of these runs' attempts; runs of other installations are not among them. */
export const findKnownAttempts = (db: Kysely<DB>, runIds: readonly string[]): Promise<KnownAttempt[]> =>
  db
    .selectFrom("runs")
    .leftJoin("attempts", "attempts.runId", "runs.id")
    .select([
      "runs.id as runId",
      "attempts.attempt",
      sql<boolean>`coalesce(attempts.finished_at < now() - make_interval(secs => ${GRACE_SECONDS}), false)`.as(
        "isOver",
      ),
    ])
    .where("runs.id", "in", runIds)
    .execute();
