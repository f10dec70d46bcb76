import type { GlobalEvent, WorkspaceEvent } from "../contract/orchestration.ts";
import type { Database } from "../db/database.ts";
import type { Listener } from "../db/notify.ts";
import type { Logger } from "../lib/logger.ts";
import { startRepeating } from "../lib/repeat.ts";
import { findToldAfter, readEverything, type Told } from "./change-queries.ts";
import { createReader } from "./reader.ts";
import { CHANGES } from "./workspace-queries.ts";

export type ChangeFeed = Awaited<ReturnType<typeof openChangeFeed>>;

/** What one change tells. */
export interface Tellers {
  global(event: GlobalEvent): void;
  workspace(event: WorkspaceEvent): void;
  project(projectNumber: number, event: unknown): void;
}

/** A NOTIFY can be lost with its connection; this is how late a change can then be. */
const PATROL_MS = 5_000;
const READ_AT_ONCE = 500;
/** How long a new socket waits for the database before it is shown what this process knows. */
const CATCH_UP_MS = 10_000;

type Shown = Pick<Told, "seq" | "version" | "running" | "desired" | "paused"> & { workspaceId: string };

const eventOf = ({ workspaceId, running, desired, seq, version, paused }: Shown): WorkspaceEvent => ({
  workspaceId,
  workspace_id: workspaceId,
  running,
  desired: desired ?? 0,
  seq,
  version,
  paused,
});

/**
 * Every change, in the order of the commits: this process reads the history from where it stands, and a notice only says
 * that there is more. A connection that broke loses time, never a change. It knows all current values as of the last
 * change it told, so that what a new socket is shown first never runs ahead of what it hears next.
 */
export async function openChangeFeed(
  { db, listener, log }: { db: Database; listener: Listener; log: Logger },
  tell: Tellers,
) {
  const workspaces = new Map<string, WorkspaceEvent>();
  const { totals, workspaces: rows } = await readEverything(db);
  let global: GlobalEvent = totals;
  let cursor = totals.seq;
  for (const row of rows) workspaces.set(row.workspaceId, eventOf({ ...row, seq: totals.seq }));

  function take(told: Told): void {
    cursor = told.seq;
    if (told.projectNumber !== null) return tell.project(told.projectNumber, told.event);
    const { workspaceId, seq, globalRunning: running, globalDesired: desired } = told;
    global = { running, desired, seq, paused: workspaceId === null ? told.paused : global.paused };
    if (workspaceId === null) return tell.global(global);
    const event = eventOf({ ...told, workspaceId });
    if (told.kind === "expired") workspaces.delete(workspaceId);
    else workspaces.set(workspaceId, event);
    tell.global(global);
    tell.workspace(event);
  }

  async function read(): Promise<boolean> {
    const told = await findToldAfter(db, cursor, READ_AT_ONCE);
    for (const one of told) take(one);
    return told.length === READ_AT_ONCE;
  }

  const onError = (error: unknown): void =>
    log.warn({ err: error }, "changes of orchestration could not be read; it is tried again");
  const reader = createReader({ read, onError, patienceMs: CATCH_UP_MS });
  const { wake, caughtUp } = reader;
  await listener.listen(CHANGES, wake);
  listener.onResync(wake);
  wake();
  const patrol = startRepeating(async () => wake(), { intervalMs: PATROL_MS, onError: () => {} });

  return {
    get global(): GlobalEvent {
      return global;
    },
    /** What a workspace is as of the last change, whichever that was of; undefined when there is none. */
    workspace(workspaceId: string): WorkspaceEvent | undefined {
      const last = workspaces.get(workspaceId);
      return last && { ...last, seq: global.seq };
    },
    /** Awaited before a socket hears anything: who comes from another process is not told what they know to be over. */
    caughtUp,
    async [Symbol.asyncDispose](): Promise<void> {
      await Promise.all([patrol[Symbol.asyncDispose](), reader[Symbol.asyncDispose]()]);
    },
  };
}
