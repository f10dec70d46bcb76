import type { PageQuery } from "../contract/page.ts";
import type { Run, Stopped } from "../contract/run.ts";
import type { Database } from "../db/database.ts";
import { encodeCursor, toPage } from "../lib/cursor.ts";
import { AppError } from "../lib/errors.ts";
import type { Nudge } from "../queue/queue.ts";
import { findSession, lockSession, moveSession } from "../sessions/session-queries.ts";
import {
  findAttempts,
  findRun,
  findRunByToken,
  findRuns,
  requestStop,
  type AttemptRow,
  type RunRow,
} from "./run-queries.ts";

export type RunService = ReturnType<typeof createRunService>;

function presentAttempt({ runId: _, startedAt, finishedAt, ...row }: AttemptRow): Run["attempts"][number] {
  return {
    ...row,
    reason: row.reason as Run["reason"],
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt?.toISOString() ?? null,
  };
}

function present(row: RunRow, attempts: readonly AttemptRow[]): Run {
  return {
    runId: row.id,
    sessionId: row.sessionId,
    number: row.number,
    status: row.status as Run["status"],
    reason: row.reason as Run["reason"],
    error: row.error,
    waitingFor: row.waitingFor as Run["waitingFor"],
    messageId: row.messageId,
    attempts: attempts.filter(({ runId }) => runId === row.id).map(presentAttempt),
    model: row.model,
    claudeVersion: row.claudeVersion,
    untestedVersion: row.untestedVersion,
    costUsd: row.costUsd,
    usage: row.usage as Run["usage"],
    turns: row.turns,
    durationMs: row.durationMs,
    apiDurationMs: row.apiDurationMs,
    firstTokenMs: row.firstTokenMs,
    structuredOutput: row.structuredOutput as Run["structuredOutput"],
    denials: row.denials as Run["denials"],
    stderrTail: row.stderrTail,
    queuedAt: row.queuedAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    finishedAt: row.finishedAt?.toISOString() ?? null,
  };
}

export function createRunService({ db, nudge }: { db: Database; nudge: Nudge }) {
  return {
    async get(id: string): Promise<Run> {
      const row = await findRun(db, id);
      if (!row) throw new AppError("not_found", `There is no run ${id}`);
      return present(row, await findAttempts(db, [id]));
    },

    async list(sessionId: string, page: PageQuery) {
      if (!(await findSession(db, sessionId))) throw new AppError("not_found", `There is no session ${sessionId}`);
      const rows = await findRuns(db, sessionId, page);
      const attempts = await findAttempts(
        db,
        rows.map((row) => row.id),
      );
      return toPage(rows, page.limit, {
        present: (row) => present(row, attempts),
        cursor: (row) => encodeCursor(row.number),
      });
    },

    /** The run a hook token (its SHA-256 in hex) belongs to, while it may still post. */
    verifyToken: (hash: string) => findRunByToken(db, Buffer.from(hash, "hex")),

    /** Stops what is on and drops what waits; what is on ends a moment later. Stopping a session at rest does nothing. */
    stop(sessionId: string, by: string | undefined): Promise<Stopped> {
      return db.transaction().execute(async (tx) => {
        const session = await lockSession(tx, sessionId);
        if (!session) throw new AppError("not_found", `There is no session ${sessionId}`);
        const { waiting, running } = await requestStop(tx, sessionId, by);
        if (waiting.length > 0 && running.length === 0)
          await moveSession(tx, sessionId, { status: "cancelled", lastReason: "stopped", wakeAt: null });
        await nudge(tx, session.workerId, sessionId);
        return { sessionId, stopped: [...running, ...waiting] };
      });
    },
  };
}
