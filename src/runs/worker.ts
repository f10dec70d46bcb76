import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setInterval as every } from "node:timers/promises";
import type { Logger } from "../lib/logger.ts";
import type { Queue } from "../queue/queue.ts";
import { createActors } from "./actors.ts";
import { LEASE_RENEWAL_MS, releaseLeasesOfWorker, renewLeases } from "./lease-queries.ts";
import { removeLeftovers } from "./leftovers.ts";
import { adoptLostSessions } from "./lost-workers.ts";
import { findDueSessions } from "./run-queries.ts";
import type { ActorParts } from "./session-actor.ts";
import { touchWorker, upsertWorker } from "./worker-queries.ts";

const SWEEP_MS = 5_000;
/** Sessions one sweep wakes; those that waited longest come first, the rest with the next sweep. */
const SWEEP_LIMIT = 200;
/** How long a stop waits for actors to let go: each looks up within a poll or two. */
const DRAIN_MS = 5_000;

/**
 * Carries out the runs of the sessions this worker holds: woken by nudges, and by a sweep that finds what nobody was
 * told of (at start: everything an earlier process left).
 */
export async function startWorker(parts: ActorParts & { queue: Queue; version: string }) {
  const { db, queue, log, workerId, version, config } = parts;
  const processId = randomUUID();
  const actors = createActors(parts, processId);
  const stopped = new AbortController();

  async function sweep(): Promise<void> {
    await adoptLostSessions(parts);
    for (const { sessionId } of await findDueSessions(db, workerId, SWEEP_LIMIT)) actors.wake(sessionId);
  }

  async function renew(): Promise<void> {
    await renewLeases(db, processId);
    await touchWorker(db, workerId);
  }

  await upsertWorker(db, {
    id: workerId,
    hostname: hostname(),
    pid: process.pid,
    version,
    slots: config.maxConcurrent,
  });
  await queue.addWorker(workerId);
  await releaseLeasesOfWorker(db, workerId);
  await removeLeftovers(parts);
  await queue.work(workerId, actors.wake);
  await sweep();
  const { signal } = stopped;
  const periodic = [repeat(renew, LEASE_RENEWAL_MS, { signal, log }), repeat(sweep, SWEEP_MS, { signal, log })];

  return {
    stopRuns: actors.stopRuns,
    /** Takes no new runs; lets go of those that are on: Claude finishes its turn, and the next start reads it. */
    async [Symbol.asyncDispose](): Promise<void> {
      stopped.abort();
      await queue.stopWork(workerId);
      await actors.drain(DRAIN_MS);
      await Promise.all(periodic);
    },
  };
}

/** Runs `task` at an interval until the signal aborts; what fails is tried again at the next turn. */
async function repeat(
  task: () => Promise<unknown>,
  intervalMs: number,
  { signal, log }: { signal: AbortSignal; log: Logger },
): Promise<void> {
  try {
    for await (const _ of every(intervalMs, undefined, { signal }))
      await task().catch((error: unknown) => log.warn({ err: error }, "a periodic task failed; it comes again"));
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
