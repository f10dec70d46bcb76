import { stat } from "node:fs/promises";
import type { Database } from "../db/database.ts";
import type { Logger } from "../lib/logger.ts";
import type { Queue } from "../queue/queue.ts";
import { findSessionsOfLostWorkers, moveToWorker } from "./worker-queries.ts";

/** Sessions one pass takes over; the next pass takes more. */
const BATCH = 100;

/**
 * Takes over the sessions with work to do whose worker has not been seen for 15 s. A clone can be made again anywhere;
 * a folder of the user's must be on this machine too. Two workers that try the same session: one gets it.
 */
export async function adoptLostSessions(parts: {
  db: Database;
  queue: Queue;
  log: Logger;
  workerId: string;
}): Promise<void> {
  const { db, queue, log, workerId } = parts;
  for (const session of await findSessionsOfLostWorkers(db, workerId, BATCH)) {
    if (session.kind !== "github" && !(await isFolder(session.projectPath))) continue;
    const moved = await db.transaction().execute(async (tx) => {
      if (!(await moveToWorker(tx, session, workerId))) return false;
      await queue.withdraw(tx, session.workerId, session.id);
      await queue.nudge(tx, workerId, session.id);
      return true;
    });
    if (moved)
      log.warn({ sessionId: session.id, from: session.workerId }, "took over a session of a worker that is gone");
  }
}

const isFolder = async (path: string | null): Promise<boolean> =>
  path !== null && ((await stat(path).catch(() => undefined))?.isDirectory() ?? false);
