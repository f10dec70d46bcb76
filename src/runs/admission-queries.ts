import { sql, type Kysely } from "kysely";
import type { Config } from "../config.ts";
import type { WaitingFor } from "../contract/session.ts";
import { holdAdmission } from "../db/admission-lock.ts";
import type { Transaction } from "../db/database.ts";
import type { DB } from "../db/schema.ts";
import { moveSession, updateSession } from "../sessions/session-queries.ts";
import type { AdmissionFacts } from "./admission.ts";
import { findBudgets } from "./budget-queries.ts";
import { findDesired } from "./desired-queries.ts";
import type { MachineFacts } from "./machine-facts.ts";

/** How long a run grows until the memory it takes shows in what the machine says is available. */
const GROWING_SECONDS = 10;

/** A run that has not renewed the shared login by then will not; the next one may try. Claude's own lock is stale then. */
const RENEWING_SECONDS = 60;

interface Around {
  workerId: string;
  config: Config["runs"];
  machine: MachineFacts;
  /** Since when the login that runs share is due to be renewed; undefined when it is not. */
  renewalDueSince: Date | undefined;
}

type Counted = Pick<
  AdmissionFacts,
  "busy" | "starting" | "ahead" | "folderBusy" | "limitUntil" | "renewing" | "allPaused"
>;

/** The facts of admission, read under the lock that is kept until `tx` ends; the machine's were read before it. */
export async function readAdmissionFacts(
  tx: Transaction,
  run: { id: string; sessionId: string; queuedAt: Date; options: unknown },
  { workerId, config, machine, renewalDueSince }: Around,
): Promise<AdmissionFacts> {
  await holdAdmission(tx);
  const { rows } = await sql<Counted>`
    select
      (select count(*) from attempts where worker_id = ${workerId} and finished_at is null
        and started_at > now() - make_interval(secs => ${GROWING_SECONDS})) as starting,
      (select count(*) from runs r join sessions s on s.id = r.session_id
        where r.status = 'running' and s.worker_id = ${workerId}) as busy,
      (select count(*) from runs r join sessions s on s.id = r.session_id
        where r.finished_at is null and r.status = 'queued' and s.worker_id = ${workerId}
          and r.waiting_for ->> 'kind' = 'slot'
          and r.queued_at < ${run.queuedAt} and r.id <> ${run.id}) as ahead,
      (select count(*) from attempts a join workers w on w.id = a.worker_id
        join workers mine on mine.hostname = w.hostname and mine.id = ${workerId}
        where a.finished_at is null and a.started_at >= ${renewalDueSince ?? null}::timestamptz
          and a.started_at > now() - make_interval(secs => ${RENEWING_SECONDS})) as renewing,
      exists (
        select 1 from workspaces mine
        join workspaces other on other.path = mine.path and other.session_id <> mine.session_id
        join runs r on r.session_id = other.session_id and r.status = 'running'
        where mine.session_id = ${run.sessionId} and mine.kind = 'local') as folder_busy,
      (select json_build_object('by', paused_by) from orchestration_totals where paused) as all_paused,
      (select max(until) from account_limits where until > now()) as limit_until`.execute(tx);
  const facts = rows[0];
  if (!facts) throw new Error("the admission query returned no row");
  const budgets = await findBudgets(tx, run, config.budgets);
  const desired = await findDesired(tx, run);
  return { ...facts, slots: config.maxConcurrent, budgets, desired, machine, room: config.room };
}

/** The run cannot start yet: says why, in the ledger and in the feed, once. The caller holds the session's row lock. */
export async function recordWaiting(tx: Transaction, run: { id: string; sessionId: string }, waitingFor: WaitingFor) {
  const session = await tx
    .selectFrom("sessions")
    .select(["status", "waitingFor", "runCount"])
    .where("id", "=", run.sessionId)
    .executeTakeFirstOrThrow();
  if (isSameWait(session.waitingFor as WaitingFor | null, waitingFor)) {
    if (waitingFor.kind === "budget") await updateSession(tx, run.sessionId, { wakeAt: wakeOf(waitingFor) });
    return;
  }
  const timed = waitingFor.until !== null;
  await tx
    .updateTable("runs")
    .set({ status: timed ? "waiting" : "queued", waitingFor: { ...waitingFor } })
    .where("id", "=", run.id)
    .execute();
  const idle = session.status === "created" ? "created" : "queued";
  await moveSession(tx, run.sessionId, {
    status: timed ? "waiting" : idle,
    waitingFor,
    wakeAt: wakeOf(waitingFor),
  });
}

/** Figures of memory and disk change with every look, and a line in the feed each time would tell nobody anything. */
const isSameWait = (before: WaitingFor | null, now: WaitingFor): boolean =>
  before?.kind === "memory" || before?.kind === "disk"
    ? before.kind === now.kind
    : JSON.stringify(before) === JSON.stringify(now);

const BUDGET_LOOK_MS = 60 * 60_000;

/**
 * When the sweep looks again. Nothing but a person ends the wait for a session's budget, and PATCH wakes it: an hour is
 * for what nobody told us. Waits for a slot, memory or disk have no time: each sweep looks, and so does a run that ends.
 */
function wakeOf({ kind, until }: WaitingFor): string | Date | null {
  return until ?? (kind === "budget" ? new Date(Date.now() + BUDGET_LOOK_MS) : null);
}

/** One account carries all runs of an installation. */
const ACCOUNT = "default";

/** Claude said that the account's limit is reached; other runs need not find out for themselves. */
export const recordLimit = (tx: Transaction, until: string) =>
  tx
    .insertInto("accountLimits")
    .values({ account: ACCOUNT, kind: "usage", until })
    .onConflict((conflict) => conflict.column("account").doUpdateSet({ until, seenAt: sql<Date>`now()` }))
    .execute();

/**
 * Sessions a finished run may have made room for: the one that waits longest for a slot, the one that waits longest
 * for the same folder, and the one that waits longest for its workspace to have fewer runs.
 */
export async function findNextWaiting(db: Kysely<DB>, { id: sessionId, workerId }: { id: string; workerId: string }) {
  const { rows } = await sql<{ sessionId: string }>`
    (select r.session_id from runs r join sessions s on s.id = r.session_id
      where r.finished_at is null and r.status = 'queued' and s.worker_id = ${workerId}
        and r.waiting_for ->> 'kind' in ('slot', 'memory')
      order by r.queued_at limit 1)
    union
    (select r.session_id from runs r
      join workspaces w on w.session_id = r.session_id
      join workspaces mine on mine.path = w.path and mine.session_id = ${sessionId}
      where r.finished_at is null and r.status = 'queued' and r.session_id <> ${sessionId}
        and r.waiting_for ->> 'kind' = 'workspace'
      order by r.queued_at limit 1)
    union
    (select r.session_id from runs r
      join sessions s on s.id = r.session_id
      join sessions mine on mine.orchestration_id = s.orchestration_id and mine.id = ${sessionId}
      where r.status = 'queued' and r.finished_at is null and s.worker_id = ${workerId}
        and r.waiting_for ->> 'kind' = 'desired'
      order by r.queued_at limit 1)`.execute(db);
  return rows.map((row) => row.sessionId);
}
