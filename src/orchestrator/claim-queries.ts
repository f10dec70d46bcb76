import { sql, type Kysely } from "kysely";
import type { DB } from "../db/schema.ts";

export const findClaim = (db: Kysely<DB>, hub: string) =>
  db.selectFrom("hubClaims").select(["sealedToken", "clientId"]).where("hub", "=", hub).executeTakeFirst();

export const saveClaim = (db: Kysely<DB>, claim: { hub: string; sealedToken: Buffer; clientId: string | null }) =>
  db
    .insertInto("hubClaims")
    .values(claim)
    .onConflict((conflict) => conflict.column("hub").doUpdateSet({ ...claim, claimedAt: sql<Date>`now()` }))
    .execute();

export const removeClaim = (db: Kysely<DB>, hub: string) => db.deleteFrom("hubClaims").where("hub", "=", hub).execute();
