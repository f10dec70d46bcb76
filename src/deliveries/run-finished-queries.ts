import type { Kysely } from "kysely";
import type { MessagePosted, RunFinished } from "../contract/delivery.ts";
import type { DB } from "../db/schema.ts";
import type { DeliveryRow } from "./delivery-queries.ts";

type DiffSummary = RunFinished["diff"];

/**
 * What a delivery says of a run, read from the ledger when it is sent. Alike in each attempt: everything in it is
 * settled when the run has ended. `baseUrl` is where people reach this server.
 */
export async function readRunFinished(
  db: Kysely<DB>,
  delivery: Pick<DeliveryRow, "id" | "sessionId" | "runId" | "messageId">,
  { diff, baseUrl }: { diff: DiffSummary; baseUrl: string },
): Promise<RunFinished> {
  const run = await db
    .selectFrom("runs")
    .innerJoin("sessions", "sessions.id", "runs.sessionId")
    .innerJoin("sessionMessages as asked", "asked.id", "runs.messageId")
    .leftJoin("sessionMessages as answer", (join) => join.on("answer.id", "=", delivery.messageId))
    .selectAll("runs")
    .select(["sessions.metadata as sessionMetadata", "asked.metadata as messageMetadata", "answer.content as answer"])
    .where("runs.id", "=", delivery.runId)
    .executeTakeFirstOrThrow();
  return {
    eventId: delivery.id,
    type: "run.finished",
    sessionId: run.sessionId,
    runId: run.id,
    status: run.status as RunFinished["status"],
    reason: run.reason as RunFinished["reason"],
    answer: run.error === null ? run.answer : null,
    error: run.error,
    costUsd: run.costUsd,
    usage: run.usage as RunFinished["usage"],
    turns: run.turns,
    durationMs: run.durationMs,
    // The ledger does not keep the order of fields, and a receiver may compare bodies.
    diff: diff && { files: diff.files, added: diff.added, removed: diff.removed },
    links: { ...linksTo(run.sessionId, baseUrl), run: `${trimmed(baseUrl)}/api/runs/${run.id}` },
    metadata: {
      ...(run.sessionMetadata as RunFinished["metadata"]),
      ...(run.messageMetadata as RunFinished["metadata"]),
    },
    timestamp: (run.finishedAt ?? run.queuedAt).toISOString(),
  };
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

const trimmed = (baseUrl: string): string => baseUrl.replace(/\/$/u, "");

const linksTo = (sessionId: string, baseUrl: string) => ({
  session: `${trimmed(baseUrl)}/api/sessions/${sessionId}`,
  dashboard: `${trimmed(baseUrl)}/sessions/${sessionId}`,
});
