import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { AppError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import { explainLocalFailure } from "./git-failure.ts";
import {
  findCommit,
  findRepository,
  findWorktreeEntries,
  objectStoreOf,
  readHead,
  type Repository,
} from "./git-repository.ts";
import { openGitView } from "./git-view.ts";
import type { Git } from "./git.ts";
import { removeFolder } from "./private-folder.ts";
import { readSettings } from "./readable-settings.ts";
import type { RepositoryLocks } from "./repository-locks.ts";
import type { WorkspaceRow } from "./workspace-queries.ts";
import type { RestoreSnapshot } from "./workspace-restore.ts";
import { copyIncluded } from "./worktree-include.ts";

interface Parts {
  git: Git;
  locks: RepositoryLocks;
  log: Logger;
}

const CHECKOUT_TIMEOUT_MS = 10 * 60_000;

/** A worktree of the user's repository, on a branch of its own. One at a time per repository. */
export async function makeWorktree(
  parts: Parts,
  row: WorkspaceRow,
  signal: AbortSignal,
): Promise<{ baseCommit: string | null }> {
  const repository = await userRepository(row);
  return parts.locks.hold(repository.commonDir, signal, async () => {
    await removeWorktree(row);
    const baseCommit = await startOf(parts.git, repository, row);
    await addWorktree(parts.git, { repository, path: row.path, place: ["-B", branchOf(row)], commit: baseCommit });
    await fillWorktree(parts, { repository, row, commit: baseCommit, signal });
    return { baseCommit };
  });
}

/** The worktree of an archived session again. Its branch was kept, and may have been moved or deleted since. */
export async function restoreWorktree(
  parts: Parts,
  row: WorkspaceRow,
  restore: RestoreSnapshot,
  signal: AbortSignal,
): Promise<{ baseCommit: string | null }> {
  const repository = await userRepository(row);
  return parts.locks.hold(repository.commonDir, signal, async () => {
    await removeWorktree(row);
    await restore.intoObjects(objectStoreOf(repository), signal);
    const place = await restore.placeIn(repository.commonDir);
    await addWorktree(parts.git, { repository, path: row.path, ...place });
    const [gitDir] = await findWorktreeEntries(repository.commonDir, row.path);
    if (gitDir === undefined) throw new AppError("upstream_failed", `git made no worktree at ${row.path}`);
    await restore.files({ gitDir, commonDir: repository.commonDir, topLevel: row.path }, signal);
    await include(parts, { repository, row, signal });
    return { baseCommit: row.baseCommit };
  });
}

/** Takes the folder and git's entry for it away, as `git worktree remove` does; branch and commits stay. */
export async function removeWorktree(row: WorkspaceRow): Promise<void> {
  await removeFolder(row.path);
  const repository = row.repository === null ? undefined : await findRepository(row.repository);
  if (!repository) return;
  for (const entry of await findWorktreeEntries(repository.commonDir, row.path)) await removeFolder(entry);
}

async function userRepository(row: WorkspaceRow): Promise<Repository> {
  const repository = row.repository === null ? undefined : await findRepository(row.repository);
  if (!repository) throw new AppError("upstream_failed", `There is no git repository at ${row.repository} any more`);
  return repository;
}

const branchOf = (row: WorkspaceRow): string => row.branch ?? `claude/${row.sessionId}`;

async function startOf(git: Git, repository: Repository, row: WorkspaceRow): Promise<string> {
  const commit =
    row.startBranch === null
      ? (await readHead(git, repository)).commit
      : await findCommit(git, repository.commonDir, row.startBranch);
  if (!commit)
    throw new AppError("upstream_failed", `${row.repository} has no ${row.startBranch ?? "commit"} to start from`);
  return commit;
}

interface NewWorktree {
  repository: Repository;
  path: string;
  /** `-B <branch>`, or `--detach`. */
  place: readonly string[];
  commit: string;
}

async function addWorktree(git: Git, { repository, path, place, commit }: NewWorktree): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const args = [
    "worktree",
    "add",
    "--quiet",
    "--no-checkout",
    ...(place[0] === "--detach" ? [] : ["--no-track"]),
    ...place,
  ];
  try {
    await git.run([...args, "--", path, commit], { cwd: repository.commonDir, gitDir: repository.commonDir });
  } catch (error) {
    throw explainLocalFailure(error, repository.topLevel ?? repository.gitDir);
  }
}

interface Filling {
  repository: Repository;
  row: WorkspaceRow;
  commit: string;
  signal: AbortSignal;
}

/** Writes the files through a view: the user's repository may hold filters that an agent has put there. */
async function fillWorktree(parts: Parts, { repository, row, commit, signal }: Filling): Promise<void> {
  const [entry] = await findWorktreeEntries(repository.commonDir, row.path);
  if (entry === undefined) throw new AppError("upstream_failed", `git made no worktree at ${row.path}`);
  const { objectFormat } = await readHead(parts.git, repository);
  await using view = await openGitView(parts.git, {
    workTree: row.path,
    objectStores: [objectStoreOf(repository)],
    indexFile: `${entry}/index`,
    config: await readSettings(parts.git, repository, signal),
    objectFormat,
    signal,
  });
  await view.run(["read-tree", "--reset", "-u", commit], { timeoutMs: CHECKOUT_TIMEOUT_MS });
  await include(parts, { repository, row, signal });
}

async function include(parts: Parts, { repository, row, signal }: Omit<Filling, "commit">): Promise<void> {
  const { topLevel } = repository;
  if (topLevel !== null)
    await copyIncluded({ ...parts, repository: { ...repository, topLevel }, target: row.path, signal });
}
