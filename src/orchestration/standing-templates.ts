import type { Database } from "../db/database.ts";
import { AppError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import type { SessionService } from "../sessions/session-service.ts";
import { writeSetting } from "./setting-queries.ts";
import { findEnded, findShort, lockShort, STANDING, type Short } from "./standing-queries.ts";

interface Parts {
  db: Database;
  log: Logger;
  sessions: Pick<SessionService, "prepare">;
}

/** After a run that failed; each further one doubles it. */
const PAUSE = { baseMs: 5_000, capMs: 600_000, doublings: 7 };

/** Starts sessions from standing templates until as many runs are on or wait as desired. */
export function createStanding({ db, log, sessions }: Parts) {
  /** False when there was nothing to start after all. */
  async function startOne({ workspaceId, template }: Short): Promise<boolean> {
    const make = await sessions.prepare({ template, metadata: { workspaceId, [STANDING]: template } });
    return db.transaction().execute(async (tx) => {
      const short = await lockShort(tx, workspaceId);
      if (short?.template !== template) return false;
      const { runId } = await make(tx);
      if (runId === null) throw new AppError("invalid", `The template ${template} has no initialPrompt`);
      return true;
    });
  }

  async function fill(short: Short): Promise<void> {
    const { workspaceId, template, missing } = short;
    if (await isPausing(db, workspaceId)) return;
    try {
      for (let left = missing; left > 0 && (await startOne(short)); left--);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      // It would fail again in a moment: a person has to look.
      log.warn({ err: error, workspaceId, template }, "a standing template could not start a session; paused");
      const change = { paused: true, pausedBy: `template ${template}: ${error.message}`, pausedAt: new Date() };
      await writeSetting(db, { workspaceId, kind: "paused", actor: null, change });
    }
  }

  return {
    async startMissing(): Promise<void> {
      for (const short of await findShort(db)) {
        const { workspaceId } = short;
        await fill(short).catch((error: unknown) =>
          log.warn({ err: error, workspaceId }, "a workspace could not be filled; it is tried again"),
        );
      }
    },
  };
}

/** Runs that fail one after the other are begun ever more slowly: each costs. */
async function isPausing(db: Database, workspaceId: string): Promise<boolean> {
  const ended = await findEnded(db, workspaceId, PAUSE.doublings);
  const succeeded = ended.findIndex(({ status }) => status === "succeeded");
  const failures = succeeded === -1 ? ended.length : succeeded;
  const last = ended[0]?.finishedAt;
  if (failures === 0 || !last) return false;
  return Date.now() - last.getTime() < Math.min(PAUSE.capMs, PAUSE.baseMs * 2 ** (failures - 1));
}
