import type { Database } from "../db/database.ts";
import { backoffMs } from "../lib/backoff.ts";
import { wait, within } from "../lib/wait.ts";
import { Draining } from "./follow-claude.ts";
import { keepWhatEnded } from "./keep-safe.ts";
import { LeaseLost, releaseLease, takeLease } from "./lease-queries.ts";
import type { RunControl } from "./run-control.ts";
import { findDueRun, type DueRun } from "./run-queries.ts";
import { carryOut, type ActorParts } from "./session-actor.ts";

const RETRY = { baseMs: 500, capMs: 10_000 };
/** A wait that is shorter gets a timer of its own; the sweep finds the others. */
const SHORT_WAIT_MS = 5_000;

interface Actor {
  control: RunControl | undefined;
  again: boolean;
  done: Promise<void>;
}

/** The sessions this process is acting for, one actor each. `wake` may be called at any time, any number of times. */
export function createActors(parts: ActorParts, processId: string) {
  const { log } = parts;
  const actors = new Map<string, Actor>();
  const stopped = new AbortController();

  /** Acts until nothing new came meanwhile. A failure of ours (database away) is tried again: the run is in the ledger. */
  async function live(sessionId: string, actor: Actor): Promise<void> {
    for (let failures = 0; !stopped.signal.aborted;) {
      actor.again = false;
      try {
        const until = await act(parts, { sessionId, processId, actor, stopped: stopped.signal });
        if (until) wakeAt(sessionId, until);
        if (!actor.again) return;
        failures = 0;
      } catch (error) {
        if (error instanceof Draining || error instanceof LeaseLost) return;
        failures += 1;
        log.error({ err: error, sessionId, failures }, "an actor failed and tries again");
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

  function wakeAt(sessionId: string, until: Date): void {
    const ms = until.getTime() - Date.now();
    if (ms < SHORT_WAIT_MS) setTimeout(() => wake(sessionId), Math.max(0, ms)).unref();
  }

  const allDone = (timeoutMs: number) =>
    within(timeoutMs, Promise.all([...actors.values()].map((actor) => actor.done)));

  return {
    wake,
    /** Begins nothing more and stops each run that is on, as if a person had; resolves when all have ended or the time is over. */
    async stopRuns(timeoutMs: number): Promise<void> {
      // First: what a stopped run made room for shall wait for the next start.
      stopped.abort();
      for (const actor of actors.values()) actor.control?.mustStop("stopped");
      await allDone(timeoutMs);
    },
    /** Begins nothing more and lets go of what is on; resolves when all have let go or the time is over. */
    async drain(timeoutMs: number): Promise<void> {
      stopped.abort();
      for (const actor of actors.values()) actor.control?.drain();
      await allDone(timeoutMs);
    },
  };
}

interface Act {
  sessionId: string;
  processId: string;
  actor: Actor;
  stopped: AbortSignal;
}

/** Carries out what is due, one run after the other, under one lease. Returns when to come again, if that is known. */
async function act(parts: ActorParts, { sessionId, processId, actor, stopped }: Act): Promise<Date | undefined> {
  const { db, workerId } = parts;
  const lease = await takeLease(db, { sessionId, workerId, processId });
  if (!lease) return undefined;
  const announce = (control: RunControl): void => {
    actor.control = control;
    if (stopped.aborted) control.drain();
  };
  try {
    await keepWhatEnded(parts, lease);
    for (;;) {
      const due = await findReady(db, sessionId);
      if (!due || stopped.aborted) return undefined;
      const outcome = await carryOut(parts, { due, lease, announce });
      if (outcome !== "done") return outcome === "parked" ? undefined : outcome.until;
    }
  } finally {
    actor.control = undefined;
    await releaseLease(db, lease);
  }
}

/** The session's oldest run that is not over, unless it waits for its time; what comes after it waits with it. */
async function findReady(db: Database, sessionId: string): Promise<DueRun | undefined> {
  const due = await findDueRun(db, sessionId);
  const parked = !due?.attempt && due?.run.wakeAt && due.run.wakeAt.getTime() > Date.now();
  return parked ? undefined : due;
}
