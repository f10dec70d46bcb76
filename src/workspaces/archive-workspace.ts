import { lstat } from "node:fs/promises";
import { AppError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import { explainLocalFailure } from "./git-failure.ts";
import { removeWorktree } from "./git-worktree.ts";
import { removeFolder } from "./private-folder.ts";
import { forgetCopy } from "./workspace-copy.ts";
import { updateWorkspace, type WorkspaceRow } from "./workspace-queries.ts";
import { type SnapshotParts, takeSnapshot } from "./workspace-snapshot.ts";

const MAX_NAMED = 5;

/** Snapshot, then removal. A folder of the user's own is left as it is. */
export async function archiveWorkspace(parts: SnapshotParts & { log: Logger }, row: WorkspaceRow): Promise<void> {
  if (row.state === "ready" && row.kind !== "local") await keepBeforeRemoval(parts, row);
  await updateWorkspace(parts.db, row.sessionId, { state: "archived" });
  if (row.kind === "worktree") await removeWorktree(row);
  if (row.kind === "github") await removeFolder(row.path);
  if (row.kind !== "local") await forgetCopy(row.path);
  parts.log.info({ sessionId: row.sessionId, kind: row.kind }, "workspace archived");
}

/** Nothing is removed that is not safe somewhere else. */
async function keepBeforeRemoval(parts: SnapshotParts, row: WorkspaceRow): Promise<void> {
  if (!(await lstat(row.path).catch(() => undefined))) return;
  const taken = await takeSnapshot(parts, row, { runId: null, isWhole: true }).catch((error: unknown) => {
    throw explainLocalFailure(error, row.path);
  });
  if (!taken)
    throw new AppError(
      "conflict",
      `${row.path} is no git repository any more: save what is in it, then remove the folder`,
    );
  if (taken.leftOut.length === 0) return;
  const named = taken.leftOut.slice(0, MAX_NAMED).join(", ");
  throw new AppError(
    "conflict",
    `The workspace holds what a snapshot cannot keep (repositories of their own, unreadable files): ${named}. Move or remove it, then archive the session`,
  );
}
