import { sql, type Kysely, type Selectable, type Updateable } from "kysely";
import type { CreateSubscription } from "../contract/subscription.ts";
import type { DB, Subscriptions } from "../db/schema.ts";

export type SubscriptionRow = Selectable<Subscriptions>;

/** Who deletes one and makes another each time must not fill the ledger: each event is looked at for each of them. */
export const MAX_SUBSCRIPTIONS = 200;

/** Undefined when there are too many already. */
export async function insertSubscription(
  tx: Kysely<DB>,
  { name, ...subscription }: CreateSubscription,
): Promise<SubscriptionRow | undefined> {
  const { count } = await tx
    .selectFrom("subscriptions")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .executeTakeFirstOrThrow();
  if (count >= MAX_SUBSCRIPTIONS) return undefined;
  return tx
    .insertInto("subscriptions")
    .values({ ...subscription, name: name ?? null })
    .returningAll()
    .executeTakeFirstOrThrow();
}

export const findSubscription = (db: Kysely<DB>, id: string): Promise<SubscriptionRow | undefined> =>
  db.selectFrom("subscriptions").selectAll().where("id", "=", id).executeTakeFirst();

/** All of them, newest first; there are never many. */
export const findSubscriptions = (db: Kysely<DB>): Promise<SubscriptionRow[]> =>
  db.selectFrom("subscriptions").selectAll().orderBy("createdAt", "desc").orderBy("id").execute();

export const updateSubscription = (
  db: Kysely<DB>,
  id: string,
  change: Updateable<Subscriptions>,
): Promise<SubscriptionRow | undefined> =>
  db
    .updateTable("subscriptions")
    .set({ ...change, updatedAt: sql<Date>`now()` })
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirst();

/** A secret that was shown before is worth nothing from here on. */
export const bumpSecret = (db: Kysely<DB>, id: string): Promise<SubscriptionRow | undefined> =>
  db
    .updateTable("subscriptions")
    .set({ secretVersion: sql<number>`secret_version + 1`, updatedAt: sql<Date>`now()` })
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirst();

/**
 * What waits for it goes with it. What is being sent is left alone: whoever records how that went holds its row and wants
 * the subscription's; it finds out that there is none. False when there is none.
 */
export async function deleteSubscription(tx: Kysely<DB>, id: string): Promise<boolean> {
  const { numDeletedRows } = await tx.deleteFrom("subscriptions").where("id", "=", id).executeTakeFirst();
  if (numDeletedRows === 0n) return false;
  await tx
    .deleteFrom("deliveries")
    .where("kind", "=", "subscription")
    .where("address", "=", id)
    .where("status", "=", "pending")
    .execute();
  return true;
}
