import { AppError } from "../lib/errors.ts";
import { readHead } from "./git-repository.ts";
import type { Git } from "./git.ts";
import { checkProjectFolder } from "./project-folder.ts";
import type { WorkspaceConfig } from "./workspace-config.ts";
import { findPlace } from "./workspace-place.ts";
import type { WorkspaceRow } from "./workspace-queries.ts";

/** The user's folder as it is; looked at again, because it may have become a link elsewhere since the session began. */
export async function openLocalFolder(
  { git, config }: { git: Git; config: WorkspaceConfig },
  row: WorkspaceRow,
): Promise<{ baseCommit: string | null }> {
  const real = await checkProjectFolder(row.path, config).catch((error: unknown) => {
    throw error instanceof AppError
      ? new AppError("upstream_failed", `The folder ${row.path}: ${error.message}`)
      : error;
  });
  if (real !== row.path) throw new AppError("upstream_failed", `${row.path} has become a link to another folder`);
  if (row.baseCommit !== null) return { baseCommit: row.baseCommit };
  const place = await findPlace(row);
  return { baseCommit: place ? (await readHead(git, place.repository)).commit : null };
}
