import { findSession } from "../sessions/session-queries.ts";
import { findUnkeptAttempts, markKept } from "./attempt-queries.ts";
import { keepConversation } from "./conversations.ts";
import { fenced, type Lease } from "./lease-queries.ts";
import type { ActorParts } from "./session-actor.ts";
import { removeRunDir } from "./start-run.ts";

interface EndedAttempt {
  runId: string;
  attempt: number;
  runDir: string;
}

/**
 * Copies what an attempt left, in the workspace and in Claude's record, and removes its folder. The work is done and
 * answered: a copy that fails must not take that back, and is not tried again before the next run.
 */
export async function keepSafe(parts: ActorParts, lease: Lease, { runId, attempt, runDir }: EndedAttempt) {
  const { db, workspaces, log } = parts;
  const { sessionId } = lease;
  const warn = (error: unknown) => log.warn({ err: error, sessionId, runId }, "what a run left could not be kept safe");
  await workspaces.snapshot(sessionId, runId).catch(warn);
  const session = await findSession(db, sessionId);
  if (session) await keepConversation(parts, lease, session).catch(warn);
  await leave(parts, lease, { runId, attempt, runDir });
}

async function leave({ db }: ActorParts, lease: Lease, { runDir, ...attempt }: EndedAttempt): Promise<void> {
  await removeRunDir(runDir);
  await fenced(db, lease, (tx) => markKept(tx, attempt));
}

/** Makes up for the copies that a process did not come to before it was killed. */
export async function keepWhatEnded(parts: ActorParts, lease: Lease): Promise<void> {
  for (const { isOutdated, ...attempt } of await findUnkeptAttempts(parts.db, lease.sessionId, parts.workerId))
    await (isOutdated ? leave : keepSafe)(parts, lease, attempt);
}
