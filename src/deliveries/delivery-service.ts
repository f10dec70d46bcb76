import type { Delivery, DeliveryFilter } from "../contract/delivery.ts";
import type { PageQuery } from "../contract/page.ts";
import type { Database } from "../db/database.ts";
import { encodeCursor, toPage } from "../lib/cursor.ts";
import { AppError } from "../lib/errors.ts";
import { findSession } from "../sessions/session-queries.ts";
import { findDeliveries, findDelivery, requeueDelivery, type DeliveryRow } from "./delivery-queries.ts";

export type DeliveryService = ReturnType<typeof createDeliveryService>;

/** A query string may be a capability (n8n signs its resume URLs there), so it is not shown. */
const showAddress = (address: string): string => address.replace(/\?.*$/su, "?…");

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;

const present = (row: DeliveryRow): Delivery => ({
  deliveryId: row.id,
  sessionId: row.sessionId,
  runId: row.runId,
  messageId: row.messageId,
  kind: row.kind,
  type: row.topic,
  address: showAddress(row.address),
  status: row.status as Delivery["status"],
  attempts: row.attempts,
  nextAttemptAt: row.status === "pending" ? row.nextAt.toISOString() : null,
  deadline: row.deadline.toISOString(),
  lastError: row.lastError,
  lastStatus: row.lastStatus,
  response: row.response,
  createdAt: row.createdAt.toISOString(),
  deliveredAt: iso(row.deliveredAt),
  givenUpAt: iso(row.givenUpAt),
});

const cursor = (row: DeliveryRow) => encodeCursor(row.position);

export function createDeliveryService({ db }: { db: Database }) {
  return {
    async list(filter: DeliveryFilter, page: PageQuery) {
      return toPage(await findDeliveries(db, filter, page), page.limit, { present, cursor });
    },

    async listOfSession(sessionId: string, page: PageQuery) {
      if (!(await findSession(db, sessionId))) throw new AppError("not_found", `There is no session ${sessionId}`);
      return toPage(await findDeliveries(db, { sessionId }, page), page.limit, { present, cursor });
    },

    async get(id: string): Promise<Delivery> {
      const row = await findDelivery(db, id);
      if (!row) throw new AppError("not_found", `There is no delivery ${id}`);
      return present(row);
    },

    /** Gives one that had failed another day, beginning now. */
    async retry(id: string): Promise<Delivery> {
      const row = await db.transaction().execute((tx) => requeueDelivery(tx, id));
      if (row) return present(row);
      const found = await findDelivery(db, id);
      if (!found) throw new AppError("not_found", `There is no delivery ${id}`);
      throw new AppError("conflict", `Delivery ${id} is ${found.status}; only a failed one can be sent again`);
    },
  };
}
