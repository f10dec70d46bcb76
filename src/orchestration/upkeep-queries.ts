import { sql, type Kysely, type RawBuilder } from "kysely";
import type { Database, Transaction } from "../db/database.ts";
import type { DB } from "../db/schema.ts";
import { changeWorkspace, lockTotals, removeWorkspace } from "./workspace-queries.ts";

const SECONDS_A_DAY = 86_400;

/** What time takes away. */
export interface Lifetimes {
  /** A workspace nobody asks for and nothing runs in. */
  workspaceDays: number;
}

interface Due {
  workspaceId: string;
  runs: number;
}

/** Runs that are on under a live lease, where the ledger says something else. */
async function findDrift(db: Kysely<DB>): Promise<Due[]> {
  const { rows } = await sql<Due>`
    select coalesce(o.workspace_id, c.orchestration_id) as workspace_id, coalesce(c.runs, 0) as runs
    from (select workspace_id, runs from orchestration where runs <> 0) o
    full join (
      select s.orchestration_id, count(*) as runs
      from runs r
      join sessions s on s.id = r.session_id
      join session_leases l on l.session_id = s.id and l.expires_at > now()
      where r.finished_at is null and r.status = 'running' and s.orchestration_id is not null
      group by 1
    ) c on c.orchestration_id = o.workspace_id
    where coalesce(o.runs, 0) <> coalesce(c.runs, 0)
    limit 1000`.execute(db);
  return rows;
}

/** Counts the runs that are on; each workspace whose number changed is written and told. */
export async function countRuns(db: Database): Promise<void> {
  if ((await findDrift(db)).length === 0) return;
  await db.transaction().execute(async (tx) => {
    // Counted again under the lock: another process may have written the same, or something newer.
    await lockTotals(tx);
    for (const { workspaceId, runs } of await findDrift(tx)) {
      await changeWorkspace(tx, { workspaceId, kind: "runs", actor: null, set: () => ({ runs }) });
    }
  });
}

/** What ends by itself: when, as a condition in SQL, and what is set then. */
const ENDS = [
  {
    kind: "reported",
    when: sql<boolean>`reported > 0 and (reported_until is null or reported_until < now())`,
    change: { reported: 0, reportedUntil: null },
  },
  {
    kind: "released",
    when: sql<boolean>`desired is not null and template is null and watched_until < now()`,
    change: { desired: null, watchedUntil: null },
  },
] as const;

/** More of them wait for the next turn. */
const ENDED_AT_ONCE = 1_000;

const findWhere = (db: Kysely<DB>, when: RawBuilder<boolean>) =>
  db
    .selectFrom("orchestration")
    .select("workspaceId")
    .where(when)
    .orderBy("workspaceId")
    .limit(ENDED_AT_ONCE)
    .execute();

/**
 * Ends what nobody renewed: reports of editors, desired counts whose last socket closed, workspaces nobody asks for.
 * Each end is a change like any other, and told.
 */
export async function endWhatIsOver(db: Database, { workspaceDays }: Lifetimes): Promise<void> {
  for (const { kind, when, change } of ENDS)
    await eachUnderLock(db, when, (tx, workspaceId) =>
      changeWorkspace(tx, { workspaceId, kind, actor: null, set: () => change }),
    );
  // Without its row a workspace limits nothing: what waits there would begin all at once.
  const unused = sql<boolean>`running = 0 and template is null and not paused
    and not exists (
      select from sessions s join runs r on r.session_id = s.id and r.finished_at is null
      where s.orchestration_id = orchestration.workspace_id)
    and touched_at < now() - make_interval(secs => ${workspaceDays * SECONDS_A_DAY})`;
  await eachUnderLock(db, unused, removeWorkspace);
}

/** Finds first and locks only when there is something; what is found under the lock is still so. */
async function eachUnderLock(
  db: Database,
  when: RawBuilder<boolean>,
  end: (tx: Transaction, workspaceId: string) => Promise<unknown>,
): Promise<void> {
  if ((await findWhere(db, when)).length === 0) return;
  await db.transaction().execute(async (tx) => {
    await lockTotals(tx);
    for (const { workspaceId } of await findWhere(tx, when)) await end(tx, workspaceId);
  });
}
