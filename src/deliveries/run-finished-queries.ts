import type { Kysely } from "kysely";
import type { RunFinished } from "../contract/delivery.ts";
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
  const base = baseUrl.replace(/\/$/u, "");
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
    links: {
      session: `${base}/api/sessions/${run.sessionId}`,
      run: `${base}/api/runs/${run.id}`,
      dashboard: `${base}/sessions/${run.sessionId}`,
    },
    metadata: {
      ...(run.sessionMetadata as RunFinished["metadata"]),
      ...(run.messageMetadata as RunFinished["metadata"]),
    },
    timestamp: (run.finishedAt ?? run.queuedAt).toISOString(),
  };
}
