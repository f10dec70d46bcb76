import { lstat, realpath } from "node:fs/promises";
import { join } from "node:path";
import { findRepository, findWorktreeEntries, objectStoreOf, type Repository } from "./git-repository.ts";
import type { RepositoryCache } from "./repository-cache.ts";
import type { WorkspaceRow } from "./workspace-queries.ts";

/** Where a workspace's files and commits are, found from what we know of it and not from what stands in it. */
export interface WorkspacePlace {
  /** The real folder Claude works in. */
  folder: string;
  repository: Repository & { topLevel: string };
}

/** Undefined when there is no folder, or no git in it. */
export async function findPlace(row: WorkspaceRow): Promise<WorkspacePlace | undefined> {
  const facts = await lstat(row.path).catch(() => undefined);
  if (!facts?.isDirectory()) return undefined;
  const folder = await realpath(row.path);
  const repository = await repositoryOf(row, folder);
  return repository && { folder, repository };
}

type Found = WorkspacePlace["repository"] | undefined;

function repositoryOf(row: WorkspaceRow, folder: string): Promise<Found> {
  if (row.kind === "github") return cloneAt(folder);
  return row.kind === "worktree" ? worktreeAt(row, folder) : folderAt(folder);
}

/** A link or pointer in the place of `.git` would lead to a repository that is not ours. */
async function cloneAt(folder: string): Promise<Found> {
  const gitDir = join(folder, ".git");
  const isOurs = (await lstat(gitDir).catch(() => undefined))?.isDirectory();
  return isOurs ? { topLevel: folder, gitDir, commonDir: gitDir } : undefined;
}

/** Asked from the user's repository: the worktree's own pointer can be written by the agent. */
async function worktreeAt(row: WorkspaceRow, folder: string): Promise<Found> {
  const repository = row.repository === null ? undefined : await findRepository(row.repository);
  const [gitDir] = repository ? await findWorktreeEntries(repository.commonDir, folder) : [];
  return repository && gitDir !== undefined ? { topLevel: folder, gitDir, commonDir: repository.commonDir } : undefined;
}

async function folderAt(folder: string): Promise<Found> {
  const repository = await findRepository(folder);
  return repository && repository.topLevel !== null ? { ...repository, topLevel: repository.topLevel } : undefined;
}

/** The repository a workspace's snapshots build on: our cache of the remote, or the user's own. */
export async function findOrigin(
  row: WorkspaceRow,
  cache: Pick<RepositoryCache, "dirOf">,
): Promise<{ name: string; objectStore: string } | undefined> {
  if (row.kind === "github")
    return row.repository === null
      ? undefined
      : { name: row.repository, objectStore: join(cache.dirOf(row.repository), "objects") };
  const repository = await findRepository(row.repository ?? row.path);
  return repository && { name: repository.commonDir, objectStore: objectStoreOf(repository) };
}
