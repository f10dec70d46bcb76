import type { Kysely } from "kysely";
import type { RunResult } from "../contract/run-result.ts";
import type { DB } from "../db/schema.ts";

export type DiffSummary = RunResult["diff"];

export const hasEnded = ({ status }: Pick<RunResult, "status">): boolean =>
  ["succeeded", "failed", "cancelled"].includes(status);

/**
 * What became of a run, but for what it changed, which the workspace knows; once it has ended, always the same.
 * `baseUrl` is where people reach this server. Undefined when there is no such run.
 */
export async function findRunResult(db: Kysely<DB>, runId: string, baseUrl: string): Promise<RunResult | undefined> {
  const run = await db
    .selectFrom("runs")
    .innerJoin("sessions", "sessions.id", "runs.sessionId")
    .innerJoin("sessionMessages as asked", "asked.id", "runs.messageId")
    .leftJoin("sessionMessages as answer", (join) =>
      join
        .onRef("answer.runId", "=", "runs.id")
        .on("answer.direction", "=", "outbound")
        .on("answer.source", "=", "claude"),
    )
    .selectAll("runs")
    .select(["sessions.metadata as sessionMetadata", "asked.metadata as messageMetadata", "answer.content as answer"])
    .where("runs.id", "=", runId)
    .executeTakeFirst();
  if (!run) return undefined;
  return {
    sessionId: run.sessionId,
    runId,
    status: run.status as RunResult["status"],
    reason: run.reason as RunResult["reason"],
    answer: run.error === null ? run.answer : null,
    structuredOutput: run.structuredOutput as RunResult["structuredOutput"],
    error: run.error,
    costUsd: run.costUsd,
    usage: run.usage as RunResult["usage"],
    turns: run.turns,
    durationMs: run.durationMs,
    diff: null,
    links: { ...linksTo(run.sessionId, baseUrl), run: runLink(runId, baseUrl) },
    metadata: {
      ...(run.sessionMetadata as RunResult["metadata"]),
      ...(run.messageMetadata as RunResult["metadata"]),
    },
    timestamp: (run.finishedAt ?? new Date()).toISOString(),
  };
}

const trimmed = (baseUrl: string): string => baseUrl.replace(/\/$/u, "");

export const runLink = (runId: string, baseUrl: string): string => `${trimmed(baseUrl)}/api/runs/${runId}`;

export const linksTo = (sessionId: string, baseUrl: string) => ({
  session: `${trimmed(baseUrl)}/api/sessions/${sessionId}`,
  dashboard: `${trimmed(baseUrl)}/sessions/${sessionId}`,
});
