import { createHash } from "node:crypto";
import { sql, type Kysely } from "kysely";
import { notify } from "../db/notify.ts";
import type { DB } from "../db/schema.ts";
import { invalidField } from "../lib/errors.ts";
import { GIVE_UP_MS } from "./after-attempt.ts";
import { OUTBOX, queueDeliveries, type NewDelivery } from "./delivery-queries.ts";
import type { OutboundUrls } from "./outbound-url.ts";

interface CallbackWish {
  callbackUrl?: string | undefined;
  callbackDeadlineSeconds?: number | undefined;
}

/** What a message keeps of whom its run's end is told, and by when. AppError "invalid" names the field. */
export function callbackColumns(
  { callbackUrl, callbackDeadlineSeconds: seconds }: CallbackWish,
  outboundUrls: Pick<OutboundUrls, "check">,
) {
  if (callbackUrl === undefined && seconds !== undefined)
    throw invalidField("body.callbackDeadlineSeconds", "needs callbackUrl: who is to be told");
  return {
    callbackUrl: callbackUrl === undefined ? null : outboundUrls.check("body.callbackUrl", callbackUrl),
    callbackBy: seconds === undefined ? null : new Date(Date.now() + seconds * 1000),
  };
}

interface Told {
  runId: string;
  sessionId: string;
  url: string;
}

const hash = (text: string): string => createHash("sha256").update(text).digest("hex");

/** One a run and URL, whatever it will say. */
const callback = ({ runId, sessionId, url }: Told): NewDelivery => ({
  key: `run:${runId}:callback:${hash(url)}`,
  sessionId,
  runId,
  messageId: null,
  kind: "callback",
  topic: "run.finished",
  address: url,
  // Order is kept for what one session tells one URL.
  threadKey: `callback:${sessionId}:${hash(url)}`,
});

/** Of the time a caller gives us, so much is kept for the way: a tenth, but no less and no more than these. */
const MARGIN = { least: 2, most: 30 };

/** Shortly before the caller's deadline its URL is called, with what is known then; the run's end brings that forward. */
export async function queueDeadline(tx: Kysely<DB>, told: Told, callbackBy: Date): Promise<void> {
  const seconds = Math.max(0, (callbackBy.getTime() - Date.now()) / 1000);
  const margin = Math.min(Math.max(seconds / 10, MARGIN.least), MARGIN.most);
  await queueDeliveries(tx, [{ ...callback(told), afterSeconds: Math.max(0, seconds - margin) }]);
}

/** Tells the end of a run to each callback URL that came with a message the run took in. */
export async function queueCallbacks(tx: Kysely<DB>, run: { id: string; sessionId: string }): Promise<void> {
  const { id: runId, sessionId } = run;
  const urls = await tx
    .selectFrom("sessionMessages")
    .select("callbackUrl")
    .distinct()
    .where("runId", "=", runId)
    .where("direction", "=", "inbound")
    .where("callbackUrl", "is not", null)
    .execute();
  await bringForward(tx, runId);
  await queueDeliveries(
    tx,
    urls.flatMap(({ callbackUrl: url }) => (url === null ? [] : [callback({ runId, sessionId, url })])),
  );
}

/** What waited for a deadline is due now. */
async function bringForward(tx: Kysely<DB>, runId: string): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable("deliveries")
    .set({ nextAt: sql<Date>`now()`, deadline: sql<Date>`now() + ${GIVE_UP_MS} * interval '1 millisecond'` })
    .where("runId", "=", runId)
    .where("kind", "=", "callback")
    .where("status", "=", "pending")
    .where("attempts", "=", 0)
    .executeTakeFirst();
  if (numUpdatedRows > 0n) await notify(tx, OUTBOX, "");
}
