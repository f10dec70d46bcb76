import type { Kysely } from "kysely";
import type { EventRun, EventSession, SubscriptionEvent } from "../contract/subscription.ts";
import type { DB } from "../db/schema.ts";
import type { DeliveryRow } from "../deliveries/delivery-queries.ts";
import { linksTo, runLink } from "../runs/run-result-queries.ts";
import { findSession } from "../sessions/session-queries.ts";
import type { EventBody } from "./tell-subscribers-queries.ts";

/** What a delivery says to a subscribed URL: how things stood at the event, and around it what does not change. */
export async function readSubscriptionEvent(
  db: Kysely<DB>,
  { id: eventId, address: subscriptionId, topic, sessionId, runId, body }: DeliveryRow,
  baseUrl: string,
): Promise<SubscriptionEvent> {
  const { occurredAt, session, run, delivery, machine } = body as unknown as EventBody;
  return {
    eventId,
    subscriptionId,
    type: topic as SubscriptionEvent["type"],
    occurredAt,
    ...(sessionId !== null && session && { session: await readSession(db, sessionId, session) }),
    ...(runId !== null && run && { run: await readRun(db, runId, run.status) }),
    ...(delivery && { delivery }),
    ...(machine && { machine: machine as SubscriptionEvent["machine"] }),
    links: {
      ...(sessionId !== null && linksTo(sessionId, baseUrl)),
      ...(runId !== null && { run: runLink(runId, baseUrl) }),
    },
  };
}

async function readSession(
  db: Kysely<DB>,
  sessionId: string,
  then: NonNullable<EventBody["session"]>,
): Promise<EventSession> {
  const row = await findSession(db, sessionId);
  if (!row) throw new Error(`session ${sessionId} is gone`);
  return {
    sessionId,
    title: row.title,
    status: then.status as EventSession["status"],
    waitingFor: then.waitingFor as EventSession["waitingFor"],
    projectType: row.projectType as EventSession["projectType"],
    githubRepo: row.githubRepo,
    projectPath: row.projectPath,
    branch: row.branch,
    source: row.source as EventSession["source"],
    tags: row.tags,
    metadata: row.metadata as EventSession["metadata"],
    costUsd: then.costUsd,
    runCount: then.runCount,
    lastReason: then.lastReason,
    createdAt: row.createdAt.toISOString(),
  };
}

/** A run that has ended never changes again; of one that had begun then, only what was known then is said. */
async function readRun(db: Kysely<DB>, runId: string, status: string): Promise<EventRun> {
  const run = await db
    .selectFrom("runs")
    .leftJoin("sessionMessages as answer", (join) =>
      join
        .onRef("answer.runId", "=", "runs.id")
        .on("answer.direction", "=", "outbound")
        .on("answer.source", "=", "claude"),
    )
    .selectAll("runs")
    .select("answer.content as answer")
    .where("runs.id", "=", runId)
    .executeTakeFirstOrThrow();
  const begun = {
    runId,
    number: run.number,
    messageId: run.messageId,
    status: status as EventRun["status"],
    startedAt: run.startedAt?.toISOString() ?? null,
  };
  if (!["succeeded", "failed", "cancelled"].includes(status)) return { ...begun, ...UNKNOWN_YET };
  return {
    ...begun,
    reason: run.reason as EventRun["reason"],
    error: run.error,
    answer: run.error === null ? run.answer : null,
    structuredOutput: run.structuredOutput as EventRun["structuredOutput"],
    costUsd: run.costUsd,
    usage: run.usage as EventRun["usage"],
    turns: run.turns,
    durationMs: run.durationMs,
    finishedAt: run.finishedAt?.toISOString() ?? null,
  };
}

const UNKNOWN_YET = {
  reason: null,
  error: null,
  answer: null,
  structuredOutput: null,
  costUsd: null,
  usage: null,
  turns: null,
  durationMs: null,
  finishedAt: null,
} as const;
