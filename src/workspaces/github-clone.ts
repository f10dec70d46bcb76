import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { AppError } from "../lib/errors.ts";
import type { Git } from "./git.ts";
import { removeFolder } from "./private-folder.ts";
import type { CachedRepository, RepositoryCache } from "./repository-cache.ts";
import type { WorkspaceRow } from "./workspace-queries.ts";
import type { RestoreSnapshot } from "./workspace-restore.ts";

interface Parts {
  git: Git;
  cache: RepositoryCache;
}

interface Made {
  baseCommit: string | null;
}

const CHECKOUT_TIMEOUT_MS = 10 * 60_000;

/** A clone of the remote, made from our cache of it, on a branch of its own. */
export function makeClone(parts: Parts, row: WorkspaceRow, signal: AbortSignal): Promise<Made> {
  const url = urlOf(row);
  return build(row, async (dir) => {
    const cached = await parts.cache.withNewest({ url, branch: row.startBranch, signal }, async (repository) => {
      await cloneObjects(parts.git, { repository, dir, url, signal });
      if (repository.start !== null) await parts.cache.keep(url, row.sessionId, repository.start);
      return repository;
    });
    await checkOut(parts.git, { dir, workBranch: row.branch, start: cached.start, signal });
    return { baseCommit: cached.start };
  });
}

/** The clone of an archived session again, with what was in it. The remote is asked only when our cache is gone. */
export function restoreClone(
  parts: Parts,
  row: WorkspaceRow,
  restore: RestoreSnapshot,
  signal: AbortSignal,
): Promise<Made> {
  const url = urlOf(row);
  return build(row, async (dir) => {
    const clone = (repository: CachedRepository) => cloneObjects(parts.git, { repository, dir, url, signal });
    const isHere = row.baseCommit !== null && (await parts.cache.has(url, row.baseCommit));
    if (isHere) await parts.cache.withPresent({ url, signal }, clone);
    else await parts.cache.withNewest({ url, branch: null, signal }, clone);
    await restore.intoClone(dir, signal);
    return { baseCommit: row.baseCommit };
  });
}

function urlOf(row: WorkspaceRow): string {
  if (row.repository === null)
    throw new AppError("upstream_failed", `The workspace of session ${row.sessionId} has no repository`);
  return row.repository;
}

/**
 * Work under a hidden name, and in place only when done: a workspace that is there is whole. The name is a new one each
 * time, because git of a server that was killed may still be writing under the old one.
 */
async function build(row: WorkspaceRow, work: (dir: string) => Promise<Made>): Promise<Made> {
  const base = dirname(row.path);
  const prefix = `.making-${basename(row.path)}-`;
  await removeHalfMade(row.path, prefix);
  const dir = join(base, `${prefix}${randomUUID().slice(0, 8)}`);
  await mkdir(dir, { mode: 0o700 });
  try {
    const made = await work(dir);
    await rename(dir, row.path);
    return made;
  } catch (error) {
    await removeFolder(dir);
    throw error;
  }
}

/** What a kill in the middle left; nobody has worked in it, because a run begins after the workspace is recorded. */
async function removeHalfMade(path: string, prefix: string): Promise<void> {
  const names = await readdir(dirname(path));
  const halfMade = names.filter((name) => name.startsWith(prefix)).map((name) => join(dirname(path), name));
  await Promise.all([path, ...halfMade].map((folder) => removeFolder(folder)));
}

interface CloneParts {
  repository: CachedRepository;
  dir: string;
  url: string;
  signal: AbortSignal;
}

/** Objects by hard link, refs as the remote has them, the remote's address without any secret as origin. */
async function cloneObjects(git: Git, { repository, dir, url, signal }: CloneParts): Promise<void> {
  const refspec = "+refs/remotes/origin/*:refs/remotes/origin/*";
  const args = [
    "clone",
    "--quiet",
    "--local",
    "--no-tags",
    "--no-checkout",
    "--config",
    `remote.origin.fetch=${refspec}`,
  ];
  await git.run([...args, "--template=", "--", repository.dir, dir], {
    cwd: dirname(dir),
    gitDir: null,
    protocols: ["file"],
    signal,
  });
  const gitDir = join(dir, ".git");
  await writeFile(join(gitDir, "config"), configOf(url));
  await mkdir(join(gitDir, "info"), { recursive: true });
  if (repository.defaultBranch !== null)
    await git.run(["symbolic-ref", "refs/remotes/origin/HEAD", `refs/remotes/origin/${repository.defaultBranch}`], {
      cwd: dir,
      gitDir,
    });
}

const configOf = (url: string): string => `[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = false
\tlogallrefupdates = true
[remote "origin"]
\turl = ${JSON.stringify(url)}
\tfetch = +refs/heads/*:refs/remotes/origin/*
`;

interface CheckOut {
  dir: string;
  workBranch: string | null;
  start: string | null;
  signal: AbortSignal;
}

async function checkOut(git: Git, { dir, workBranch, start, signal }: CheckOut): Promise<void> {
  const options = { cwd: dir, gitDir: join(dir, ".git"), workTree: dir, signal, timeoutMs: CHECKOUT_TIMEOUT_MS };
  const branch = workBranch ?? "claude/work";
  if (start === null) await git.run(["symbolic-ref", "HEAD", `refs/heads/${branch}`], options);
  else await git.run(["checkout", "--quiet", "--no-track", "-b", branch, start], options);
}
