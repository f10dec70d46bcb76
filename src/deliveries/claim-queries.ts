import { randomUUID } from "node:crypto";
import { sql, type Kysely } from "kysely";
import { claimUndoubled, fromNow } from "../db/claims.ts";
import type { Database } from "../db/database.ts";
import type { DB } from "../db/schema.ts";
import { capText } from "../lib/text.ts";
import { recordAttempt } from "../subscriptions/subscription-health-queries.ts";
import { tellSubscribers } from "../subscriptions/tell-subscribers-queries.ts";
import type { Verdict } from "./after-attempt.ts";
import type { Outcome } from "./channel.ts";
import { SUBSCRIPTION, tellFeed, type DeliveryRow } from "./delivery-queries.ts";

/** A delivery that this process alone may send, until `claim` runs out or is renewed. */
export type Claimed = DeliveryRow & { claim: string };

const MAX_ERROR = 1_000;
const MAX_RESPONSE = 4_000;

interface Claiming {
  kinds: readonly string[];
  /** What others of this process carry. */
  kindsElsewhere?: readonly string[];
  now: Date;
  claimMs: number;
}

/**
 * Takes the delivery that is due longest: the first of its thread that is not done, with nothing else on the way to its
 * address. One whose sender has died (its claim ran out) is taken over, in doubt. What no process carries (its channel
 * was switched off) is taken at its deadline, to be given up. Undefined when nothing is due.
 */
export const claimDelivery = (db: Database, claiming: Claiming): Promise<Claimed | undefined> =>
  claimUndoubled(() => claimOnce(db, claiming));

function claimOnce(db: Database, { kinds, kindsElsewhere = [], now, claimMs }: Claiming): Promise<Claimed | undefined> {
  return db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ id: string }>`
      select d.id from deliveries d
      where d.status in ('pending', 'sending') and d.next_at <= ${now}
        and (d.status = 'pending' or d.claim_until < now())
        and (d.kind = any(${kinds}) or (d.deadline <= ${now} and not d.kind = any(${kindsElsewhere})))
        and not exists (select 1 from deliveries earlier where earlier.thread_key = d.thread_key
          and earlier.position < d.position and earlier.status in ('pending', 'sending'))
        and not exists (select 1 from deliveries other where other.kind = d.kind and other.address = d.address
          and other.status = 'sending' and other.id <> d.id)
      order by d.next_at, d.position
      limit 1 for update skip locked`.execute(tx);
    const [due] = rows;
    if (!due) return undefined;
    const claim = randomUUID();
    const row = await tx
      .updateTable("deliveries")
      .set({
        status: "sending",
        claim,
        claimUntil: fromNow(claimMs),
        attempts: sql<number>`attempts + 1`,
        inDoubt: sql<boolean>`in_doubt or status = 'sending'`,
      })
      .where("id", "=", due.id)
      .returningAll()
      .executeTakeFirstOrThrow();
    await tellFeed(tx, row);
    return { ...row, claim };
  });
}

/** When the first of those that wait is due. */
export async function findNextDelivery(db: Kysely<DB>, kinds: readonly string[]): Promise<Date | undefined> {
  const next = await db
    .selectFrom("deliveries")
    .select("nextAt")
    .where("status", "=", "pending")
    .where("kind", "in", kinds)
    .orderBy("nextAt")
    .limit(1)
    .executeTakeFirst();
  return next?.nextAt;
}

/** Holds claims for longer; returns those that are still ours. One that has run out and was not taken is ours again. */
export async function renewClaims(
  db: Kysely<DB>,
  claims: readonly string[],
  claimMs: number,
): Promise<Set<string | null>> {
  const rows = await db
    .updateTable("deliveries")
    .set({ claimUntil: fromNow(claimMs) })
    .where("claim", "in", claims)
    .returning("claim")
    .execute();
  return new Set(rows.map(({ claim }) => claim));
}

/** Keeps what is told the receiver in each attempt alike. */
export const recordDetails = (db: Kysely<DB>, { id, claim }: Claimed, details: { readonly [key: string]: unknown }) =>
  db.updateTable("deliveries").set({ details }).where("id", "=", id).where("claim", "=", claim).execute();

/**
 * Writes what became of an attempt. False when the claim is no longer ours: then somebody else is sending, and what they
 * find out counts.
 */
export function settleDelivery(
  db: Database,
  { id, claim }: Claimed,
  { outcome, verdict, now }: { outcome: Outcome; verdict: Verdict; now: Date },
): Promise<boolean> {
  const { status, response } = outcome.is === "unknown" ? { status: undefined, response: undefined } : outcome;
  return db.transaction().execute(async (tx) => {
    const row = await tx
      .updateTable("deliveries")
      .set({
        ...changeOf(verdict),
        claim: null,
        claimUntil: null,
        lastStatus: status ?? null,
        response: response === undefined ? null : capText(response, MAX_RESPONSE),
      })
      .where("id", "=", id)
      .where("claim", "=", claim)
      .returningAll()
      .executeTakeFirst();
    if (row) await tellFeed(tx, row);
    if (row) await tellOthers(tx, row, { error: errorOf(verdict), status, now });
    return row !== undefined;
  });
}

const errorOf = (verdict: Verdict): string | undefined => (verdict.status === "delivered" ? undefined : verdict.error);

/** A subscription remembers how it fares; that anything else was given up may be subscribed to. */
async function tellOthers(
  tx: Kysely<DB>,
  row: DeliveryRow,
  attempt: { error: string | undefined; status: number | undefined; now: Date },
): Promise<void> {
  if (row.kind === SUBSCRIPTION) await recordAttempt(tx, row, attempt);
  else if (row.status === "failed") {
    const { id: deliveryId, kind, topic: type, attempts, lastError, lastStatus, sessionId, runId } = row;
    const delivery = { deliveryId, kind, type, attempts, lastError, lastStatus };
    await tellSubscribers(tx, { type: "delivery.failed", sessionId, runId, delivery });
  }
}

function changeOf(verdict: Verdict) {
  switch (verdict.status) {
    case "delivered":
      return { status: "delivered", deliveredAt: sql<Date>`now()`, lastError: null, inDoubt: false };
    case "failed":
      return { status: "failed", givenUpAt: sql<Date>`now()`, lastError: capText(verdict.error, MAX_ERROR) };
    case "pending":
      return {
        status: "pending",
        nextAt: verdict.nextAt,
        lastError: capText(verdict.error, MAX_ERROR),
        inDoubt: verdict.inDoubt,
      };
  }
}
