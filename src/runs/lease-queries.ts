import { sql, type Kysely } from "kysely";
import type { Database, Transaction } from "../db/database.ts";
import type { DB } from "../db/schema.ts";
import { AppError } from "../lib/errors.ts";

const LEASE_SECONDS = 15;
export const LEASE_RENEWAL_MS = 5_000;

/** The right to act for a session. It lasts 15 s unless renewed; `epoch` tells it from earlier ones. */
export interface Lease {
  sessionId: string;
  processId: string;
  epoch: number;
}

const end = sql<Date>`now() + make_interval(secs => ${LEASE_SECONDS})`;

/**
 * Takes the session's lease, unless another process holds it or the session belongs to another worker. What this process
 * holds already it may take anew: its actor could not let go of it while the database was away.
 */
export async function takeLease(
  db: Kysely<DB>,
  { sessionId, workerId, processId }: { sessionId: string; workerId: string; processId: string },
): Promise<Lease | undefined> {
  const { rows } = await sql<{ epoch: number }>`
    insert into session_leases as held (session_id, worker_id, process_id, epoch, expires_at)
    select id, ${workerId}, ${processId}, 1, ${end} from sessions where id = ${sessionId} and worker_id = ${workerId}
    on conflict (session_id) do update
      set worker_id = excluded.worker_id, process_id = excluded.process_id, epoch = held.epoch + 1, expires_at = excluded.expires_at
      where held.expires_at < now() or held.process_id = excluded.process_id
    returning epoch`.execute(db);
  return rows[0] && { sessionId, processId, epoch: rows[0].epoch };
}

/** Renews all leases of a process that have not run out; returns the sessions it still holds. */
export async function renewLeases(db: Kysely<DB>, processId: string): Promise<Set<string>> {
  const rows = await db
    .updateTable("sessionLeases")
    .set({ expiresAt: end })
    .where("processId", "=", processId)
    .where("expiresAt", ">", sql<Date>`now()`)
    .returning("sessionId")
    .execute();
  return new Set(rows.map((row) => row.sessionId));
}

export const releaseLease = (db: Kysely<DB>, { sessionId, processId, epoch }: Lease) =>
  db
    .updateTable("sessionLeases")
    .set({ expiresAt: sql<Date>`'-infinity'` })
    .where("sessionId", "=", sessionId)
    .where("processId", "=", processId)
    .where("epoch", "=", epoch)
    .execute();

/** A worker that starts again holds nothing: what its dead process held is free at once. */
export const releaseLeasesOfWorker = (db: Kysely<DB>, workerId: string) =>
  db
    .updateTable("sessionLeases")
    .set({ expiresAt: sql<Date>`'-infinity'` })
    .where("workerId", "=", workerId)
    .execute();

/** The lease ran out and somebody else may act for the session now: stop at once, touch nothing more. */
export class LeaseLost extends AppError {
  constructor(sessionId: string) {
    super("conflict", `the lease of session ${sessionId} was lost`);
  }
}

/** The fence: every write of an actor begins with it, so that an actor that lost its lease cannot write. */
export async function fence(tx: Kysely<DB>, { sessionId, processId, epoch }: Lease): Promise<void> {
  const held = await tx
    .selectFrom("sessionLeases")
    .select("epoch")
    .where("sessionId", "=", sessionId)
    .where("processId", "=", processId)
    .where("epoch", "=", epoch)
    .where("expiresAt", ">", sql<Date>`now()`)
    .forShare()
    .executeTakeFirst();
  if (!held) throw new LeaseLost(sessionId);
}

/** Writes in one transaction, unless the lease was lost. */
export const fenced = <T>(db: Database, lease: Lease, write: (tx: Transaction) => Promise<T>): Promise<T> =>
  db.transaction().execute(async (tx) => {
    await fence(tx, lease);
    return write(tx);
  });
