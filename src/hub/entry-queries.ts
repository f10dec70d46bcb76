import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";
import type { Viewer } from "./viewer.ts";

interface Pass {
  secretHash: Buffer;
  machineId: string;
  viewer: Viewer;
  seconds: number;
}

const values = ({ secretHash, machineId, viewer, seconds }: Pass) => ({
  secretHash,
  machineId,
  userId: viewer.userId,
  signInId: viewer.signInId,
  expiresAt: sql<Date>`now() + ${seconds} * interval '1 second'`,
});

export async function insertTicket(db: Kysely<DB>, pass: Pass): Promise<void> {
  await db.insertInto("hub.tickets").values(values(pass)).execute();
}

/** Exchanges a ticket of this machine, once, for an entry that lasts; false when it is used, old, or another's. */
export async function useTicket(
  db: Kysely<DB>,
  ticket: { secretHash: Buffer; machineId: string },
  entry: { secretHash: Buffer; seconds: number },
): Promise<boolean> {
  const { rows } = await sql`
    with used as (delete from hub.tickets where secret_hash = ${ticket.secretHash} returning *)
    insert into hub.entries (secret_hash, machine_id, user_id, sign_in_id, expires_at)
    select ${entry.secretHash}, machine_id, user_id, sign_in_id, now() + ${entry.seconds} * interval '1 second'
    from used where machine_id = ${ticket.machineId} and expires_at > now() returning 1`.execute(db);
  return rows.length > 0;
}

/** Who is in at this machine's origin by the secret of this hash; the machine may have been taken from them since. */
export const findEntered = (
  db: Kysely<DB>,
  { secretHash, machineId }: { secretHash: Buffer; machineId: string },
): Promise<Viewer | undefined> =>
  db
    .selectFrom("hub.entries as entry")
    .innerJoin("hub.users as user", "user.id", "entry.userId")
    .leftJoin("hub.signIns as signIn", "signIn.id", "entry.signInId")
    .select(["user.id as userId", "user.login", "user.githubId", "user.orgs", "user.teams", "entry.signInId"])
    .where("entry.secretHash", "=", secretHash)
    .where("entry.machineId", "=", machineId)
    .where("entry.expiresAt", ">", sql<Date>`now()`)
    .where((eb) => eb.or([eb("entry.signInId", "is", null), eb("signIn.expiresAt", ">", sql<Date>`now()`)]))
    .where("user.refusedAt", "is", null)
    .executeTakeFirst();
