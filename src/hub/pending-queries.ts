import { type Kysely, sql } from "kysely";
import { notify } from "../db/notify.ts";
import type { DB } from "../db/schema.ts";
import { HUB_LIMITS } from "./limits.ts";
import { insertToken } from "./token-queries.ts";
import type { Viewer } from "./viewer.ts";

/** Told to every hub process: the machine that waits under this id has been claimed. */
export const PENDING_CHANNEL = "hub_pending";

export interface NewPending {
  id: string;
  clientPendingId: string;
  code: string | null;
  hostname: string;
  project: string;
  platform: string;
  users: string[];
  orgs: string[];
  teams: string[];
  processId: string;
}

export async function insertPending(db: Kysely<DB>, pending: NewPending): Promise<void> {
  await db.insertInto("hub.pending").values(pending).execute();
}

export async function deletePending(db: Kysely<DB>, id: string): Promise<void> {
  await db.deleteFrom("hub.pending").where("id", "=", id).execute();
}

/** What is left of hub processes that ended. */
export async function deleteLostPending(db: Kysely<DB>, own: string | undefined): Promise<void> {
  await db
    .deleteFrom("hub.pending")
    .where((eb) =>
      own === undefined
        ? eb("processId", "not in", eb.selectFrom("hub.processes").select("id"))
        : eb("processId", "=", own),
    )
    .execute();
}

/** A machine may be claimed by whom it names; on a hub of one local user, by that one. */
const mayClaim = ({ login, orgs, teams, githubId }: Viewer) =>
  githubId === null
    ? sql<boolean>`true`
    : sql<boolean>`(${login.toLowerCase()} = any(users) or orgs && ${[...orgs]}::text[] or teams && ${[...teams]}::text[])`;

export const listPending = (db: Kysely<DB>, viewer: Viewer, limit: number) =>
  db
    .selectFrom("hub.pending")
    .select(["id", "hostname", "project", "platform", "code", "createdAt"])
    .where("tokenId", "is", null)
    .where(mayClaim(viewer))
    .orderBy("createdAt", "desc")
    .limit(limit)
    .execute();

/** Makes the token of a machine that waits, without its secret; true for the one who claims first, and may. */
export function claimPending(
  db: Kysely<DB>,
  viewer: Viewer,
  claim: { id: string; tokenId: string; name: string },
): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const waiting = await tx
      .selectFrom("hub.pending")
      .select("id")
      .where("id", "=", claim.id)
      .where("tokenId", "is", null)
      .where(mayClaim(viewer))
      .forUpdate()
      .executeTakeFirst();
    if (!waiting) return false;
    const token = { id: claim.tokenId, userId: viewer.userId, name: claim.name, secretHash: null, expiresAt: null };
    await insertToken(tx, token, HUB_LIMITS.tokensPerUser);
    await tx.updateTable("hub.pending").set({ tokenId: claim.tokenId }).where("id", "=", claim.id).execute();
    await notify(tx, PENDING_CHANNEL, claim.id);
    return true;
  });
}

export const findClaim = (db: Kysely<DB>, id: string) =>
  db.selectFrom("hub.pending").select("tokenId").where("id", "=", id).executeTakeFirst();
