import type { Kysely } from "kysely";
import type { MessagePosted, RunFinished, RunStillRunning } from "../contract/delivery.ts";
import type { DB } from "../db/schema.ts";
import { findRunResult, hasEnded, linksTo, type DiffSummary } from "../runs/run-result-queries.ts";
import type { DeliveryRow } from "./delivery-queries.ts";

/** What a delivery says of a run: its end, or that it goes on when the caller's deadline has come. `baseUrl` is where people reach this server. */
export async function readRunFinished(
  db: Kysely<DB>,
  { id: eventId, runId }: Pick<DeliveryRow, "id" | "runId">,
  { readDiff, baseUrl }: { readDiff: () => Promise<DiffSummary>; baseUrl: string },
): Promise<RunFinished | RunStillRunning> {
  const result = runId === null ? undefined : await findRunResult(db, runId, baseUrl);
  if (!result) throw new Error(`the run of delivery ${eventId} is gone`);
  if (!hasEnded(result)) return { eventId, type: "run.still_running", ...result };
  const diff = await readDiff();
  // The ledger does not keep the order of fields, and a receiver may compare bodies.
  const counted = diff && { files: diff.files, added: diff.added, removed: diff.removed };
  return { eventId, type: "run.finished", ...result, diff: counted };
}

/** What a delivery says of an outbound message that somebody posted. */
export async function readMessagePosted(
  db: Kysely<DB>,
  delivery: Pick<DeliveryRow, "id" | "messageId">,
  baseUrl: string,
): Promise<MessagePosted> {
  const message = await db
    .selectFrom("sessionMessages")
    .selectAll()
    .where("id", "=", delivery.messageId)
    .executeTakeFirstOrThrow();
  return {
    eventId: delivery.id,
    type: "message.posted",
    sessionId: message.sessionId,
    messageId: message.id,
    content: message.content,
    author: message.author,
    source: message.source as MessagePosted["source"],
    links: linksTo(message.sessionId, baseUrl),
    timestamp: message.timestamp.toISOString(),
  };
}
