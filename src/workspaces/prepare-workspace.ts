import { lstat } from "node:fs/promises";
import { AppError, toError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import { explainLocalFailure } from "./git-failure.ts";
import { makeWorktree, restoreWorktree } from "./git-worktree.ts";
import { makeClone, restoreClone } from "./github-clone.ts";
import { openLocalFolder } from "./local-folder.ts";
import type { RepositoryLocks } from "./repository-locks.ts";
import type { WorkspaceConfig } from "./workspace-config.ts";
import { isNewestCopy, markCopy } from "./workspace-copy.ts";
import { findNewestSnapshot, updateWorkspace, type WorkspaceRow } from "./workspace-queries.ts";
import { openRestore } from "./workspace-restore.ts";
import type { SnapshotParts } from "./workspace-snapshot.ts";

export interface Workspace {
  path: string;
}

interface Parts extends SnapshotParts {
  locks: RepositoryLocks;
  config: WorkspaceConfig;
  log: Logger;
  ensureBase(): Promise<void>;
}

const isFolder = async (path: string): Promise<boolean> =>
  (await lstat(path).catch(() => undefined))?.isDirectory() ?? false;

/** The workspace, ready to work in: found, made, made over after a kill, or restored from its newest snapshot. */
export async function prepareWorkspace(parts: Parts, row: WorkspaceRow, signal: AbortSignal): Promise<Workspace> {
  const { sessionId, kind, path } = row;
  if (row.state === "ready" && kind !== "local" && (await isFolder(path)) && (await isToBeUsed(parts, row)))
    return { path };
  const began = performance.now();
  try {
    const { baseCommit } = await make(parts, row, signal);
    const copyId = kind === "local" ? null : await markCopy(path);
    await updateWorkspace(parts.db, sessionId, { state: "ready", error: null, baseCommit, copyId });
  } catch (error) {
    // Given up because someone stopped it: nothing is wrong with the workspace, and the next run makes it.
    signal.throwIfAborted();
    throw await recordFailure(parts, row, error);
  }
  parts.log.info({ sessionId, kind, ms: Math.round(performance.now() - began) }, "workspace ready");
  return { path };
}

/** A folder that was left behind on this machine gives way to the newest snapshot; without one it is the best there is. */
async function isToBeUsed({ db, log }: Parts, row: WorkspaceRow): Promise<boolean> {
  if ((await isNewestCopy(row)) || !(await findNewestSnapshot(db, row.sessionId))) return true;
  log.warn(
    { sessionId: row.sessionId },
    "the workspace here is older than the session; it is restored from its snapshot",
  );
  return false;
}

async function make(parts: Parts, row: WorkspaceRow, signal: AbortSignal): Promise<{ baseCommit: string | null }> {
  if (row.kind === "local") return openLocalFolder(parts, row);
  await parts.ensureBase();
  const snapshot = await findNewestSnapshot(parts.db, row.sessionId);
  const restore = snapshot && (await openRestore(parts, row, snapshot, signal));
  if (row.kind === "worktree")
    return restore ? restoreWorktree(parts, row, restore, signal) : makeWorktree(parts, row, signal);
  return restore ? restoreClone(parts, row, restore, signal) : makeClone(parts, row, signal);
}

async function recordFailure({ db, log }: Parts, row: WorkspaceRow, error: unknown): Promise<AppError> {
  const explained = explainLocalFailure(error, row.repository ?? row.path);
  const known = explained instanceof AppError ? explained : undefined;
  const text = known?.message ?? `The workspace could not be made: ${toError(error).message}`;
  log.warn({ err: error, sessionId: row.sessionId, kind: row.kind }, "workspace failed");
  await updateWorkspace(db, row.sessionId, { state: "failed", error: text });
  return known ?? new AppError("upstream_failed", text, { cause: error });
}
