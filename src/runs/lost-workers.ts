import { stat } from "node:fs/promises";
import type { Database } from "../db/database.ts";
import type { Logger } from "../lib/logger.ts";
import type { Queue } from "../queue/queue.ts";
import { findSessionsOfLostWorkers, moveToWorker, type LostSession } from "./worker-queries.ts";

/** Sessions looked at together. */
const PAGE = 100;

interface Parts {
  db: Database;
  queue: Pick<Queue, "withdraw" | "nudge">;
  log: Logger;
  workerId: string;
}

/**
 * Takes over the sessions with work to do whose worker has not been seen for 15 s. A clone can be made again anywhere;
 * a folder of the user's must be on this machine too. All are looked at each time: those that cannot be taken over stay,
 * and must not stand before the others. Two workers that try the same session: one gets it.
 */
export async function adoptLostSessions(parts: Parts): Promise<void> {
  const { db, workerId } = parts;
  const folders = new Map<string, boolean>();
  let after: LostSession | undefined;
  do {
    const page = await findSessionsOfLostWorkers(db, workerId, { limit: PAGE, after });
    for (const session of page) if (await canLiveHere(session, folders)) await adopt(parts, session);
    after = page[PAGE - 1];
  } while (after);
}

async function adopt({ db, queue, log, workerId }: Parts, session: LostSession): Promise<void> {
  const moved = await db.transaction().execute(async (tx) => {
    if (!(await moveToWorker(tx, session, workerId))) return false;
    await queue.withdraw(tx, session.workerId, session.id);
    await queue.nudge(tx, workerId, session.id);
    return true;
  });
  if (moved)
    log.warn({ sessionId: session.id, from: session.workerId }, "took over a session of a worker that is gone");
}

/** `folders` remembers what was looked up in this pass. */
async function canLiveHere({ kind, projectPath }: LostSession, folders: Map<string, boolean>): Promise<boolean> {
  if (kind === "github") return true;
  if (projectPath === null) return false;
  const known = folders.get(projectPath) ?? (await stat(projectPath).catch(() => undefined))?.isDirectory() ?? false;
  folders.set(projectPath, known);
  return known;
}
