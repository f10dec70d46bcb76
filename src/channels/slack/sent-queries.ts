import { sql, type Kysely } from "kysely";
import type { DB } from "../../db/schema.ts";

/** One post of a delivery. */
export interface PartKey {
  deliveryId: string;
  part: number;
}

export const findPart = (db: Kysely<DB>, { deliveryId, part }: PartKey) =>
  db
    .selectFrom("slackSent")
    .select(["ts", "fileId", "begunAt", "sentAt"])
    .where("deliveryId", "=", deliveryId)
    .where("part", "=", part)
    .executeTakeFirst();

/** Written before the post: whoever comes after us knows that it may be out. */
export const beginPart = (db: Kysely<DB>, key: PartKey, fileId: string | null = null) =>
  db
    .insertInto("slackSent")
    .values({ ...key, fileId })
    .onConflict((conflict) => conflict.columns(["deliveryId", "part"]).doUpdateSet({ fileId }))
    .execute();

export const settlePart = (db: Kysely<DB>, { deliveryId, part }: PartKey, ts: string | null) =>
  db
    .updateTable("slackSent")
    .set({ ts, sentAt: sql<Date>`now()` })
    .where("deliveryId", "=", deliveryId)
    .where("part", "=", part)
    .execute();

/** The post did not happen, for sure. */
export const forgetPart = (db: Kysely<DB>, { deliveryId, part }: PartKey) =>
  db
    .deleteFrom("slackSent")
    .where("deliveryId", "=", deliveryId)
    .where("part", "=", part)
    .where("sentAt", "is", null)
    .execute();
