import { sql, type Kysely, type RawBuilder, type Selectable, type Updateable } from "kysely";
import type { Counts, OrchestrationChangeKind } from "../contract/orchestration.ts";
import type { Database, Transaction } from "../db/database.ts";
import type { DB, Orchestration } from "../db/schema.ts";
import { AppError } from "../lib/errors.ts";

export type WorkspaceRow = Selectable<Orchestration>;

/** What is notified when a change was committed; the payload says nothing, readers look from where they stand. */
export const CHANGES = "orchestration_changes";

/** Workspaces known at once. Ids are free text of callers, and each process holds all of them. */
const MAX_WORKSPACES = 10_000;

type Settable = Pick<
  Updateable<Orchestration>,
  "desired" | "paused" | "pausedBy" | "pausedAt" | "runs" | "reported" | "template"
>;

/** What a change may set; times are the database's. */
export interface Values extends Settable {
  reportedUntil?: RawBuilder<Date> | null;
  watchedUntil?: null;
}

export interface Change {
  workspaceId: string;
  kind: OrchestrationChangeKind;
  actor: string | null;
  /** What to set, judged by the row as it is under the lock; undefined when there is nothing to change. */
  set: (before: WorkspaceRow | undefined) => Values | undefined;
}

export const findWorkspace = (db: Kysely<DB>, workspaceId: string) =>
  db.selectFrom("orchestration").selectAll().where("workspaceId", "=", workspaceId).executeTakeFirst();

export const findTotals = (db: Kysely<DB>) =>
  db
    .selectFrom("orchestrationTotals")
    .select(["seq", "running", "desired", "paused", "pausedBy", "pausedAt"])
    .executeTakeFirstOrThrow();

/** Holds back every other change until the transaction ends: the order of `seq` is that of the commits. */
export const lockTotals = (tx: Transaction) =>
  tx.selectFrom("orchestrationTotals").select(["seq", "running", "desired"]).forUpdate().executeTakeFirstOrThrow();

/** The next place in the order of everything that sockets hear. */
export async function nextSeq(tx: Transaction): Promise<number> {
  const { seq } = await tx
    .updateTable("orchestrationTotals")
    .set({ seq: sql<number>`seq + 1` })
    .returning("seq")
    .executeTakeFirstOrThrow();
  return seq;
}

/** Writes value, totals, history and NOTIFY of one workspace, in the transaction it is given. */
export async function changeWorkspace(
  tx: Transaction,
  { workspaceId, kind, actor, set }: Change,
): Promise<{ workspace: WorkspaceRow; global: Counts }> {
  const totals = await lockTotals(tx);
  const before = await findWorkspace(tx, workspaceId);
  const change = set(before);
  if (!change && before) return { workspace: before, global: totals };
  if (!before) await refuseTooMany(tx);
  const seq = totals.seq + 1;
  const row = { ...change, seq, touchedAt: sql<Date>`now()` };
  const workspace = await tx
    .insertInto("orchestration")
    .values({ workspaceId, ...row })
    .onConflict((conflict) =>
      conflict.column("workspaceId").doUpdateSet({ ...row, version: sql<number>`orchestration.version + 1` }),
    )
    .returningAll()
    .executeTakeFirstOrThrow();
  const global = await recordChange(tx, { seq, kind, actor, workspace });
  return { workspace, global };
}

/** Takes a workspace out of the ledger; its last change says 0. */
export async function removeWorkspace(tx: Transaction, workspaceId: string): Promise<void> {
  const { seq } = await lockTotals(tx);
  const gone = await tx
    .deleteFrom("orchestration")
    .where("workspaceId", "=", workspaceId)
    .returningAll()
    .executeTakeFirst();
  if (!gone) return;
  const workspace = { ...gone, version: gone.version + 1, running: 0, desired: null, paused: false };
  await recordChange(tx, { seq: seq + 1, kind: "expired", actor: null, workspace });
}

async function recordChange(
  tx: Transaction,
  {
    seq,
    kind,
    actor,
    workspace,
  }: { seq: number; kind: OrchestrationChangeKind; actor: string | null; workspace: WorkspaceRow },
): Promise<Counts> {
  const { workspaceId, version, running, desired, paused } = workspace;
  // One statement: while the lock is held everybody else waits, and each answer costs a turn of our event loop.
  const { rows } = await sql<Counts>`
    with totals as (
      update orchestration_totals set seq = ${seq}, (running, desired) =
        (select coalesce(sum(running), 0), coalesce(sum(desired), 0) from orchestration)
      returning running, desired
    ), told as (select pg_notify(${CHANGES}, ''))
    insert into orchestration_history
      (seq, kind, actor, workspace_id, version, running, desired, paused, global_running, global_desired)
    select ${seq}, ${kind}, ${actor}, ${workspaceId}, ${version}, ${running}, ${desired}, ${paused},
      totals.running, totals.desired
    from totals, told
    returning global_running as running, global_desired as desired`.execute(tx);
  return rows[0] ?? { running: 0, desired: 0 };
}

async function refuseTooMany(tx: Transaction): Promise<void> {
  const { rows } = await sql<{ count: number }>`select count(*) as count from orchestration`.execute(tx);
  if ((rows[0]?.count ?? 0) >= MAX_WORKSPACES)
    throw new AppError("conflict", `There are ${MAX_WORKSPACES} workspaces already; unused ones go after a week`);
}

/** Somebody still asks for this workspace. */
export const touchWorkspace = (db: Database, workspaceId: string) =>
  sql`update orchestration set touched_at = now()
    where workspace_id = ${workspaceId} and touched_at < now() - interval '10 minutes'`.execute(db);

/** Sockets of these workspaces are open, or closed just now. Those nobody set anything for are left out. */
export async function touchWatched(db: Database, workspaceIds: readonly string[], seconds: number): Promise<void> {
  if (workspaceIds.length === 0) return;
  await sql`update orchestration set touched_at = now(), watched_until = now() + make_interval(secs => ${seconds})
    where workspace_id = any(${workspaceIds})`.execute(db);
}
