import { sql, type Kysely, type Selectable } from "kysely";
import type { DeliveryFilter, DeliveryStatus } from "../contract/delivery.ts";
import { notify } from "../db/notify.ts";
import type { DB, Deliveries } from "../db/schema.ts";
import { CURSOR_NUMBER, decodeCursor } from "../lib/cursor.ts";
import { appendEvents, type NewEvent } from "../sessions/event-queries.ts";
import { GIVE_UP_MS } from "./after-attempt.ts";

/** NOTIFY channel that says: the outbox holds something new. */
export const OUTBOX = "outbox";

/** The kind of what goes to subscribed URLs; its address is the subscription. */
export const SUBSCRIPTION = "subscription";

export type DeliveryRow = Selectable<Deliveries>;

export interface NewDelivery {
  /** What makes it recognisable: the same key a second time is nothing new. */
  key: string;
  /** Null for a notice to somebody who has no session. */
  sessionId: string | null;
  runId: string | null;
  messageId: string | null;
  /** The channel that carries it. */
  kind: string;
  /** What it tells, such as run.finished. */
  topic: string;
  address: string;
  /** Deliveries of one thread arrive in the order in which they were queued. */
  threadKey: string;
  /** Not before; at once when absent. */
  afterSeconds?: number;
  /** What a notice says; otherwise the content is read from the ledger when it is sent. */
  body?: { readonly [field: string]: unknown };
}

/** What the feed says of a delivery; the address stays out, it may hold a secret. */
export const deliveryEvent = (row: DeliveryRow): NewEvent => ({
  type: "delivery",
  key: `delivery:${row.id}`,
  runId: row.runId ?? undefined,
  data: {
    deliveryId: row.id,
    kind: row.kind,
    type: row.topic,
    status: row.status as DeliveryStatus,
    attempts: row.attempts,
    nextAttemptAt: row.status === "pending" ? row.nextAt.toISOString() : null,
    lastError: row.lastError,
    lastStatus: row.lastStatus,
  },
});

/**
 * Puts outbound messages on their way with the commit of `tx`, which writes the message too: neither is there without
 * the other. The caller holds the session's row lock. Returns the ids of those that are new.
 */
export async function queueDeliveries(tx: Kysely<DB>, deliveries: readonly NewDelivery[]): Promise<string[]> {
  if (deliveries.length === 0) return [];
  const rows = await tx
    .insertInto("deliveries")
    .values(
      deliveries.map(({ body, afterSeconds = 0, ...delivery }) => ({
        ...delivery,
        nextAt: sql<Date>`now() + ${afterSeconds} * interval '1 second'`,
        body: body === undefined ? null : JSON.stringify(body),
        deadline: sql<Date>`now() + ${afterSeconds * 1000 + GIVE_UP_MS} * interval '1 millisecond'`,
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .execute();
  for (const row of rows) await tellFeed(tx, row);
  if (rows.length > 0) await notify(tx, OUTBOX, "");
  return rows.map(({ id }) => id);
}

/** The feed of its session hears what became of a delivery; what others heard of it by subscription is none of its story. */
export async function tellFeed(tx: Kysely<DB>, row: DeliveryRow): Promise<void> {
  if (row.sessionId !== null && row.kind !== SUBSCRIPTION) await appendEvents(tx, row.sessionId, [deliveryEvent(row)]);
}

/** Deliveries newest first, of one session or of all; one more than `limit` when there are more. */
export function findDeliveries(
  db: Kysely<DB>,
  { sessionId, status, kind }: DeliveryFilter & { sessionId?: string },
  page: { limit: number; cursor?: string | undefined },
) {
  let query = db.selectFrom("deliveries").selectAll();
  if (sessionId !== undefined) query = query.where("sessionId", "=", sessionId);
  if (status) query = query.where("status", "=", status);
  if (kind !== undefined) query = query.where("kind", "=", kind);
  if (page.cursor) {
    const [position] = decodeCursor(page.cursor, [CURSOR_NUMBER]);
    query = query.where("position", "<", Number(position));
  }
  return query
    .orderBy("position", "desc")
    .limit(page.limit + 1)
    .execute();
}

export const findDelivery = (db: Kysely<DB>, id: string) =>
  db.selectFrom("deliveries").selectAll().where("id", "=", id).executeTakeFirst();

/** Sends one that had failed again, from now, for another day, its pauses short again. Undefined when it has not failed. */
export async function requeueDelivery(tx: Kysely<DB>, id: string): Promise<DeliveryRow | undefined> {
  const row = await tx
    .updateTable("deliveries")
    .set({
      status: "pending",
      givenUpAt: null,
      attempts: 0,
      nextAt: sql<Date>`now()`,
      deadline: sql<Date>`now() + ${GIVE_UP_MS} * interval '1 millisecond'`,
    })
    .where("id", "=", id)
    .where("status", "=", "failed")
    .returningAll()
    .executeTakeFirst();
  if (!row) return undefined;
  await tellFeed(tx, row);
  await notify(tx, OUTBOX, "");
  return row;
}
