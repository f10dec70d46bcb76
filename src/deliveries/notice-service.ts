import type { Database } from "../db/database.ts";
import { lockSession } from "../sessions/session-queries.ts";
import { queueDeliveries, type NewDelivery } from "./delivery-queries.ts";

export type NoticeService = ReturnType<typeof createNoticeService>;

export type NewNotice = Pick<NewDelivery, "key" | "sessionId" | "kind" | "address" | "threadKey"> & {
  body: { readonly [field: string]: unknown };
};

/** What doors say of their own accord leaves as messages do: durably, in the order of its thread, once by its key. */
export const createNoticeService = ({ db }: { db: Database }) => ({
  notice({ body, ...place }: NewNotice): Promise<void> {
    return db.transaction().execute(async (tx) => {
      if (place.sessionId !== null) await lockSession(tx, place.sessionId);
      const said = { ...body, type: "notice" };
      await queueDeliveries(tx, [{ ...place, runId: null, messageId: null, topic: "notice", body: said }]);
    });
  },
});
