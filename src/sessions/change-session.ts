import type { ClaudeOptions, SessionStatus, UpdateSession, WaitingFor } from "../contract/session.ts";
import type { Database, Transaction } from "../db/database.ts";
import { AppError, invalidField } from "../lib/errors.ts";
import type { Nudge } from "../queue/queue.ts";
import { requestStop } from "../runs/run-queries.ts";
import type { WorkspaceService } from "../workspaces/workspace-service.ts";
import { appendEvents } from "./event-queries.ts";
import { checkOptions, optionsOf } from "./session-options.ts";
import { adoptClaudeSession, lockSession, moveSession, updateSession } from "./session-queries.ts";
import { isAtRest, mayFollow, maySet } from "./session-status.ts";

interface Parts {
  db: Database;
  nudge: Nudge;
  workspaces: Pick<WorkspaceService, "archive">;
  allowBypass: boolean;
}

/** What a person may change of a session. */
export function createSessionChanger({ db, nudge, workspaces, allowBypass }: Parts) {
  /** The workspace is kept safe and removed first: a session that says archived has nothing left to lose. */
  async function archive(id: string): Promise<void> {
    await workspaces.archive(id);
    await db.transaction().execute(async (tx) => {
      const row = await lockSession(tx, id);
      if (row && isAtRest(row.status as SessionStatus))
        await moveSession(tx, id, { status: "archived", archivedAt: new Date() });
    });
  }

  /** Changes all that the body names, or nothing. A status moves only along a legal arrow. */
  return async function change(id: string, body: UpdateSession): Promise<void> {
    checkOptions(optionsOf(body), { allowBypass });
    const { status } = body;
    await db.transaction().execute(async (tx) => {
      const row = await lockSession(tx, id);
      if (!row) throw new AppError("not_found", `There is no session ${id}`);
      const fields = changeOf(row, body);
      if (body.claudeSessionId !== undefined) await adoptClaudeSession(tx, row, body.claudeSessionId);
      if (Object.keys(fields).length > 0) await updateSession(tx, id, fields);
      await appendEvents(tx, id, [{ type: "session.updated", data: { fields: Object.keys(body) } }]);
      if (status && status !== row.status) {
        checkMove(row, status);
        if (status === "cancelled" && row.runCount > 0) await cancelRuns(tx, id);
        else if (status !== "archived") await moveSession(tx, id, { status, archivedAt: null });
      }
      // Whatever changed may be what a waiting run waits for.
      await nudge(tx, row.workerId, id);
    });
    if (status === "archived") await archive(id);
  };
}

/** Waiting runs end here; the one that is on is stopped by the session's actor, which then moves the session. */
async function cancelRuns(tx: Transaction, id: string): Promise<void> {
  const { running, waiting } = await requestStop(tx, id, undefined);
  if (running.length > 0) return;
  // What the cancelled runs waited for must not hold back the next one.
  const ended = waiting.length > 0 ? { lastReason: "stopped" } : {};
  await moveSession(tx, id, { status: "cancelled", wakeAt: null, ...ended });
}

/** What a request changes beside the status; absent fields stay. */
function changeOf(row: { options: unknown; waitingFor: unknown }, body: UpdateSession) {
  const options = optionsOf(body);
  const waitsForMoney = (row.waitingFor as WaitingFor | null)?.kind === "budget";
  return {
    // The next look is at once, not in an hour.
    ...(waitsForMoney && options.sessionBudgetUsd !== undefined && { wakeAt: null }),
    ...(body.title !== undefined && { title: body.title }),
    ...(body.tags !== undefined && { tags: body.tags }),
    ...(body.metadata !== undefined && { metadata: body.metadata }),
    ...(Object.keys(options).length > 0 && { options: { ...(row.options as ClaudeOptions), ...options } }),
  };
}

function checkMove(row: { status: string; runCount: number }, to: SessionStatus): void {
  if (!maySet(to))
    throw invalidField(
      "body.status",
      `cannot be set to ${to}: that follows from runs and hooks. completed, failed, cancelled and archived can be set`,
    );
  const from = row.status as SessionStatus;
  if (!mayFollow(from, to)) throw new AppError("conflict", `A session that is ${from} cannot become ${to}`);
  if (row.runCount > 0 && to !== "archived" && to !== "cancelled")
    throw new AppError(
      "conflict",
      "The status of a session with runs follows its runs; only cancelled and archived can be set",
    );
}
