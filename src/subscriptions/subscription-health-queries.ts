import { sql, type Kysely } from "kysely";
import type { DB } from "../db/schema.ts";
import { SUBSCRIPTION, type DeliveryRow } from "../deliveries/delivery-queries.ts";
import type { SubscriptionRow } from "./subscription-queries.ts";

/** Nothing has got through for so long, in so many attempts: nobody is there any more. */
const DISABLE_AFTER_MS = 24 * 3_600_000;
const DISABLE_AFTER_FAILURES = 5;
/** How HTTP says that an address will never work again. */
const GONE = 410;

const MAX_ERROR = 500;

/** An attempt at a subscription's delivery: undefined error is success. */
interface Attempt {
  error: string | undefined;
  status: number | undefined;
  now: Date;
}

/** Remembers how a subscription fares, and ends one that nobody answers for any more. */
export async function recordAttempt(tx: Kysely<DB>, row: DeliveryRow, { error, status, now }: Attempt): Promise<void> {
  const isTest = row.topic === "subscription.test";
  if (error === undefined)
    await tx
      .updateTable("subscriptions")
      .set({ lastDeliveredAt: now, lastError: null, failingSince: null, failures: 0 })
      .where("id", "=", row.address)
      .execute();
  else if (!isTest) await recordFailure(tx, row.address, { error: error.slice(0, MAX_ERROR), status, now });
}

async function recordFailure(
  tx: Kysely<DB>,
  id: string,
  { error, status, now }: { error: string; status: number | undefined; now: Date },
): Promise<void> {
  const failing = await tx
    .updateTable("subscriptions")
    .set({
      lastError: error,
      failures: sql<number>`failures + 1`,
      failingSince: sql<Date>`coalesce(failing_since, ${now})`,
    })
    .where("id", "=", id)
    .where("disabledAt", "is", null)
    .returning(["failingSince", "failures"])
    .executeTakeFirst();
  if (!failing) return;
  const since = failing.failingSince ?? now;
  const isDead = now.getTime() - since.getTime() >= DISABLE_AFTER_MS && failing.failures >= DISABLE_AFTER_FAILURES;
  if (status === GONE) await disableSubscription(tx, id, "The receiver answered 410: it is gone for good.");
  else if (isDead)
    await disableSubscription(
      tx,
      id,
      `Nothing got through since ${since.toISOString()}, in ${failing.failures} attempts. The last one: ${error}`,
    );
}

/** Nothing is sent any more, what waits included, until somebody enables it again. */
export async function disableSubscription(
  tx: Kysely<DB>,
  id: string,
  reason: string,
): Promise<SubscriptionRow | undefined> {
  const row = await tx
    .updateTable("subscriptions")
    .set({ disabledAt: sql<Date>`now()`, disabledReason: reason })
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirst();
  await tx
    .updateTable("deliveries")
    .set({
      status: "failed",
      givenUpAt: sql<Date>`now()`,
      lastError: "The subscription was disabled before it was sent",
    })
    .where("kind", "=", SUBSCRIPTION)
    .where("address", "=", id)
    .where("status", "=", "pending")
    .execute();
  return row;
}
