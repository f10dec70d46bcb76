import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setInterval as every } from "node:timers/promises";
import type { Logger } from "../lib/logger.ts";
import type { Queue } from "../queue/queue.ts";
import { createActors } from "./actors.ts";
import { findDueSessions } from "./due-queries.ts";
import { LEASE_RENEWAL_MS, releaseLeasesOfWorker, renewLeases } from "./lease-queries.ts";
import { removeLeftovers } from "./leftovers.ts";
import { adoptLostSessions } from "./lost-workers.ts";
import type { ActorParts } from "./session-actor.ts";
import { LOST_SECONDS, touchWorker, upsertWorker } from "./worker-queries.ts";

/** A lost worker counts as gone after 15 s, and is noticed with the next sweep: well within 20 s together. */
const SWEEP_MS = 3_000;
/**
 * Sessions one sweep wakes; those that waited longest come first, the rest with the next sweep. Of those that could not
 * begin anyway it wakes a few, by chance, so that each says truly after a while what it waits for.
 */
const SWEEP_LIMITS = { ready: 200, held: 20 };
/** One sign of life that does not come makes a gap of two intervals, less what timers are late. */
const MAX_GAP_MS = 2 * LEASE_RENEWAL_MS - 1_000;
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

  const life = createSignsOfLife();

  async function sweep(): Promise<void> {
    if (life.isSteady()) await adoptLostSessions(parts);
    for (const { sessionId } of await findDueSessions(db, workerId, SWEEP_LIMITS)) actors.wake(sessionId);
  }

  async function renew(): Promise<void> {
    await renewLeases(db, processId);
    await touchWorker(db, workerId);
    life.seen();
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

/**
 * Whether our own signs of life have reached the ledger without a gap for as long as a worker must be silent to count as
 * gone. After the database was away all seem to be gone, we too: the others get the time to show that they are not.
 */
function createSignsOfLife() {
  let last = performance.now();
  let steadySince = last;
  return {
    seen(): void {
      const now = performance.now();
      if (now - last > MAX_GAP_MS) steadySince = now;
      last = now;
    },
    isSteady: (): boolean => {
      const now = performance.now();
      return now - last <= MAX_GAP_MS && now - steadySince >= LOST_SECONDS * 1000;
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
