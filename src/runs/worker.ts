import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setInterval as every, setTimeout as sleep } from "node:timers/promises";
import { backoffMs } from "../lib/backoff.ts";
import type { Queue } from "../queue/queue.ts";
import { Draining } from "./follow-claude.ts";
import {
  LEASE_RENEWAL_MS,
  LeaseLost,
  releaseLease,
  releaseLeasesOfWorker,
  renewLeases,
  takeLease,
} from "./lease-queries.ts";
import { removeLeftovers } from "./leftovers.ts";
import { adoptLostSessions } from "./lost-workers.ts";
import type { RunControl } from "./run-control.ts";
import { findDueRun, findDueSessions, type DueRun } from "./run-queries.ts";
import { carryOut, type ActorParts } from "./session-actor.ts";
import { touchWorker, upsertWorker } from "./worker-queries.ts";

const SWEEP_MS = 5_000;
/** Sessions one sweep wakes; those that waited longest come first, the rest with the next sweep. */
const SWEEP_LIMIT = 200;
const RETRY = { baseMs: 500, capMs: 10_000 };
/** How long a stop waits for actors to let go: each looks up within a poll or two. */
const DRAIN_MS = 5_000;

interface Actor {
  control: RunControl | undefined;
  again: boolean;
  done: Promise<void>;
}

export type Worker = Awaited<ReturnType<typeof startWorker>>;

/**
 * Carries out the runs of the sessions this worker holds: one actor a session, woken by nudges and by a sweep that
 * finds what nobody was told of (at start: everything an earlier process left).
 */
export async function startWorker(parts: ActorParts & { queue: Queue; version: string }) {
  const { db, queue, log, workerId } = parts;
  const processId = randomUUID();
  const actors = new Map<string, Actor>();
  const stopped = new AbortController();

  /** Carries out what is due, one run after the other, under one lease. */
  async function act(sessionId: string, actor: Actor): Promise<void> {
    const lease = await takeLease(db, { sessionId, workerId, processId });
    if (!lease) return;
    try {
      for (;;) {
        const due = await findDueRun(db, sessionId);
        if (!due || stopped.signal.aborted || isParked(due)) return;
        const announce = (control: RunControl) => {
          actor.control = control;
          if (stopped.signal.aborted) control.drain();
        };
        const outcome = await carryOut(parts, { due, lease, announce });
        if (outcome === "done") continue;
        if (outcome !== "parked") wakeAt(sessionId, outcome.until);
        return;
      }
    } finally {
      actor.control = undefined;
      await releaseLease(db, lease);
    }
  }

  /** Acts until nothing new came meanwhile. A failure of ours (database away) is tried again: the run is in the ledger. */
  async function live(sessionId: string, actor: Actor): Promise<void> {
    for (let failures = 0; !stopped.signal.aborted;) {
      actor.again = false;
      try {
        await act(sessionId, actor);
        if (!actor.again) return;
        failures = 0;
      } catch (error) {
        if (error instanceof Draining || error instanceof LeaseLost) return;
        failures += 1;
        log.error({ err: error, sessionId }, "an actor failed; the sweep wakes it again");
        await wait(backoffMs(failures, RETRY), stopped.signal);
      }
    }
  }

  function wake(sessionId: string): void {
    const present = actors.get(sessionId);
    if (present) {
      present.again = true;
      present.control?.look();
      return;
    }
    if (stopped.signal.aborted) return;
    const actor: Actor = { control: undefined, again: false, done: Promise.resolve() };
    actors.set(sessionId, actor);
    actor.done = live(sessionId, actor).finally(() => {
      actors.delete(sessionId);
      // A nudge that came between the last look and here must not be lost.
      if (actor.again) wake(sessionId);
    });
  }

  /** The sweep would find it within 5 s; this is for waits that are shorter. */
  function wakeAt(sessionId: string, until: Date): void {
    const ms = until.getTime() - Date.now();
    if (ms < SWEEP_MS) setTimeout(() => wake(sessionId), Math.max(0, ms)).unref();
  }

  async function sweep(): Promise<void> {
    await adoptLostSessions(parts);
    for (const { sessionId } of await findDueSessions(db, workerId, SWEEP_LIMIT)) wake(sessionId);
  }

  await upsertWorker(db, {
    id: workerId,
    hostname: hostname(),
    pid: process.pid,
    version: parts.version,
    slots: parts.config.maxConcurrent,
  });
  await queue.addWorker(workerId);
  await releaseLeasesOfWorker(db, workerId);
  await removeLeftovers(parts);
  await queue.work(workerId, wake);
  await sweep();

  const renewing = repeat(LEASE_RENEWAL_MS, async () => {
    await renewLeases(db, processId);
    await touchWorker(db, workerId);
  });
  const sweeping = repeat(SWEEP_MS, sweep);

  /** Runs `task` at an interval until the worker stops; what fails is tried again at the next turn. */
  async function repeat(intervalMs: number, task: () => Promise<unknown>): Promise<void> {
    try {
      for await (const _ of every(intervalMs, undefined, { signal: stopped.signal }))
        await task().catch((error: unknown) => log.warn({ err: error }, "a periodic task failed; it comes again"));
    } catch (error) {
      if (!stopped.signal.aborted) throw error;
    }
  }

  const allDone = () => Promise.all([...actors.values()].map((actor) => actor.done));

  return {
    workerId,
    /** Runs that are on under this process. */
    get busy(): number {
      return [...actors.values()].filter((actor) => actor.control).length;
    },

    /** Stops each run that is on, as if a person had; resolves when they have ended or `timeoutMs` is over. */
    async stopRuns(timeoutMs: number): Promise<void> {
      for (const actor of actors.values()) actor.control?.mustStop("stopped");
      await within(timeoutMs, allDone());
    },

    /** Takes no new runs; lets go of those that are on: Claude finishes its turn, and the next start reads it. */
    async [Symbol.asyncDispose](): Promise<void> {
      stopped.abort();
      for (const actor of actors.values()) actor.control?.drain();
      await queue.stopWork(workerId);
      await within(DRAIN_MS, allDone());
      await Promise.all([renewing, sweeping]);
    },
  };
}

/** The oldest run waits for its time; what comes after it waits with it, in order. */
const isParked = ({ run, attempt }: DueRun): boolean =>
  !attempt && run.wakeAt !== null && run.wakeAt.getTime() > Date.now();

/** Waits, or returns early when the signal aborts. */
async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}

/** Waits for the promise, but not longer than this; leaves no timer behind that would hold the process. */
async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  await Promise.race([promise, wait(ms, done.signal)]);
  done.abort();
}
