import { sql, type Kysely } from "kysely";
import { fromKysely, PgBoss, type JobWithMetadata } from "pg-boss";
import type { DB } from "../db/schema.ts";
import type { Logger } from "../lib/logger.ts";
import { advanceQueue } from "./jobs.ts";

export type Queue = Awaited<ReturnType<typeof openQueue>>;

/** What sending a nudge needs; the transaction's commit sends it. */
export type Nudge = Queue["nudge"];

/** One waiting nudge a session is enough (`short` refuses a second); the sweep repeats what got lost, so no retries. */
const nudges = { policy: "short", notify: true, retryLimit: 0, expireInSeconds: 60, deleteAfterSeconds: 60 } as const;

/** Handlers return in milliseconds, so few of them with large batches keep up with any burst. */
const working = {
  localConcurrency: 2,
  batchSize: 50,
  burstWhenBatchFull: true,
  includeMetadata: true,
  pollingIntervalSeconds: 2,
  notifyPollingIntervalSeconds: 2,
} as const;

/**
 * Opens the job queue (pg-boss, schema `pgboss`, made on first use). The short intervals make pg-boss notice a dead
 * peer's jobs in seconds instead of a minute.
 */
export async function openQueue({ connectionString, log }: { connectionString: string; log: Logger }) {
  const boss = new PgBoss({
    connectionString,
    application_name: "claude-orchestrator queue",
    max: 8,
    useListenNotify: true,
    superviseIntervalSeconds: 5,
    monitorIntervalSeconds: 5,
    schedule: false,
  });
  boss.on("error", (error) => log.warn({ err: error }, "queue error"));
  boss.on("warning", (warning) => log.debug({ warning }, "queue warning"));
  await boss.start();

  return {
    /** Makes the queue of a worker, so that nudges may be sent to it before it works. */
    async addWorker(workerId: string): Promise<void> {
      await boss.createQueue(advanceQueue(workerId), nudges);
    },

    /**
     * Tells the worker to look at the session once `tx` commits. The caller has locked the session's row before it
     * wrote what there is to do: together with the actor's own lock no wake-up is lost.
     */
    async nudge(tx: Kysely<DB>, workerId: string, sessionId: string): Promise<void> {
      await boss.send(advanceQueue(workerId), null, { singletonKey: sessionId, db: fromKysely(tx) });
    },

    /** Takes back what waits for a session at a worker that is gone. */
    async withdraw(tx: Kysely<DB>, workerId: string, sessionId: string): Promise<void> {
      await sql`update pgboss.job set state = 'cancelled', completed_on = now()
        where name = ${advanceQueue(workerId)} and singleton_key = ${sessionId} and state < 'completed'`.execute(tx);
    },

    /** Hands each nudged session to `look`, which must return at once and never throw. */
    async work(workerId: string, look: (sessionId: string) => void): Promise<void> {
      await boss.work(advanceQueue(workerId), working, (jobs: JobWithMetadata[]) => {
        for (const { singletonKey } of jobs) if (singletonKey) look(singletonKey);
        return Promise.resolve();
      });
    },

    /** Takes no more nudges; those that wait stay for the next start. */
    async stopWork(workerId: string): Promise<void> {
      await boss.offWork(advanceQueue(workerId), { wait: false });
    },

    async [Symbol.asyncDispose](): Promise<void> {
      await boss.stop({ graceful: false, close: true });
    },
  };
}
