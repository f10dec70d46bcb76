import { sql, type Kysely } from "kysely";
import type { Freed, RetentionRun } from "../contract/retention.ts";
import type { Database } from "../db/database.ts";
import type { DB } from "../db/schema.ts";

export type Scope = RetentionRun["scope"];

/** Any number, the same in every process: held while somebody looks whether a cleaning is due. */
const CLAIM_LOCK = 7_003_002;
/** A cleaning that has not ended after this long died with its process. */
const GIVEN_UP_AFTER = "1 hour";

/** Takes the cleaning that has been due since `since`; undefined when somebody has it, or it is done. */
export function claimRetention(
  db: Database,
  { scope, workerId, since }: { scope: Scope; workerId: string; since: Date },
) {
  return db.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(${CLAIM_LOCK})`.execute(tx);
    const done = await tx
      .selectFrom("retentionRuns")
      .select("id")
      .where("scope", "=", scope)
      .$if(scope === "files", (query) => query.where("workerId", "=", workerId))
      .where("startedAt", ">=", since)
      .where(sql<boolean>`(finished_at is not null or started_at > now() - ${GIVEN_UP_AFTER}::interval)`)
      .limit(1)
      .executeTakeFirst();
    return done ? undefined : beginRetention(tx, { scope, workerId });
  });
}

/** Notes a cleaning that begins. */
export const beginRetention = (db: Kysely<DB>, row: { scope: Scope; workerId: string }) =>
  db.insertInto("retentionRuns").values(row).returning("id").executeTakeFirstOrThrow();

export const finishRetention = (db: Kysely<DB>, id: number, freed: readonly Freed[], error: string | null) =>
  db
    .updateTable("retentionRuns")
    .set({ freed: JSON.stringify(freed), error, finishedAt: sql<Date>`now()` })
    .where("id", "=", id)
    .execute();

/** The newest cleaning of the ledger, and of each worker's files. */
export const findLastRetention = (db: Kysely<DB>) =>
  db
    .selectFrom("retentionRuns")
    .selectAll()
    .distinctOn(["scope", sql`case when scope = 'files' then worker_id end`])
    .orderBy("scope")
    .orderBy(sql`case when scope = 'files' then worker_id end`)
    .orderBy("startedAt", "desc")
    .execute();

const AT_REST = ["completed", "failed", "cancelled"] as const;

/** Workspaces of ours that were made by us, and whose session has been at rest since before a time. */
export const findRestingWorkspaces = (db: Kysely<DB>, workerId: string, before: Date, limit: number) =>
  db
    .selectFrom("workspaces")
    .innerJoin("sessions", "sessions.id", "workspaces.sessionId")
    .select(["sessions.id as sessionId", "workspaces.path"])
    .where("sessions.workerId", "=", workerId)
    .where("sessions.status", "in", AT_REST)
    .where("sessions.updatedAt", "<", before)
    .where("workspaces.kind", "in", ["github", "worktree"])
    .where("workspaces.state", "!=", "archived")
    .orderBy("sessions.updatedAt")
    .limit(limit)
    .execute();

/** Which of these sessions have been at rest since before a time. */
export const findRestingSessions = async (db: Kysely<DB>, ids: readonly string[], before: Date): Promise<string[]> =>
  ids.length === 0
    ? []
    : (
        await db
          .selectFrom("sessions")
          .select("id")
          .where("id", "in", ids)
          .where("status", "in", [...AT_REST, "archived"])
          .where("updatedAt", "<", before)
          .execute()
      ).map(({ id }) => id);
