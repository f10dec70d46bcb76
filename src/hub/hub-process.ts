import { type Database } from "../db/database.ts";
import type { Logger } from "../lib/logger.ts";
import { startRepeating } from "../lib/repeat.ts";
import { HUB_LIMITS } from "./limits.ts";
import { trimEvents } from "./machine-event-queries.ts";
import { releaseMachines, type TellMachine } from "./machine-queries.ts";
import { deleteLostPending } from "./pending-queries.ts";
import { deleteLostProcesses, deleteProcess, upsertProcess } from "./process-queries.ts";
import { removeExpired } from "./user-queries.ts";

const HEARTBEAT_MS = 5_000;
/** A process that has not been heard of for this long is gone, and with it its sockets. */
const LOST_MS = 20_000;
const CLEAN_MS = 10 * 60_000;

interface ProcessParts {
  db: Database;
  log: Logger;
  id: string;
  url: string;
  tell: TellMachine;
}

/**
 * This process among those of the hub. What a former life of it left (the same id) is put right at once; what other
 * processes left when they died, within half a minute by any that lives.
 */
export async function joinHub({ db, log, id, url, tell }: ProcessParts) {
  await using parts = new AsyncDisposableStack();
  await upsertProcess(db, { id, url });
  parts.defer(() => deleteProcess(db, id));
  parts.use(
    startRepeating(() => heartbeat(db, { id, url, tell }), {
      intervalMs: HEARTBEAT_MS,
      onError: (error) => log.warn({ err: error }, "the hub's heartbeat failed; trying again"),
    }),
  );
  parts.use(
    startRepeating(() => clean(db), {
      intervalMs: CLEAN_MS,
      onError: (error) => log.warn({ err: error }, "cleaning the hub's tables failed; trying again"),
    }),
  );
  const kept = parts.move();
  return { [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Before the first socket is accepted: whatever this process held before is gone. */
export async function releaseOwn(db: Database, id: string, tell: TellMachine): Promise<void> {
  await releaseMachines(db, id, tell);
  await deleteLostPending(db, id);
}

async function heartbeat(db: Database, { tell, ...process }: Pick<ProcessParts, "id" | "url" | "tell">): Promise<void> {
  await upsertProcess(db, process);
  if ((await deleteLostProcesses(db, LOST_MS)) === 0) return;
  await releaseMachines(db, undefined, tell);
  await deleteLostPending(db, undefined);
}

async function clean(db: Database): Promise<void> {
  await removeExpired(db);
  await trimEvents(db, HUB_LIMITS.eventsPerMachine);
}
