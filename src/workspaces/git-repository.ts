import { lstat, readdir, readFile, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { Git } from "./git.ts";

/** A repository as it lies on disk, found without asking git, which would ask the repository's configuration. */
export interface Repository {
  /** The top of its work tree; null for a bare one. */
  topLevel: string | null;
  /** Where HEAD and the index are. */
  gitDir: string;
  /** Where the objects and refs are: gitDir itself, unless it belongs to a linked worktree. */
  commonDir: string;
}

export const objectStoreOf = ({ commonDir }: Pick<Repository, "commonDir">): string => join(commonDir, "objects");

const MAX_POINTER_BYTES = 8 * 1024;

const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() ?? false;

/** The text of a small regular file; undefined for anything else. */
async function readPointer(path: string): Promise<string | undefined> {
  const facts = await lstat(path).catch(() => undefined);
  if (!facts?.isFile() || facts.size > MAX_POINTER_BYTES) return undefined;
  return (await readFile(path, "utf8")).replace(/\n+$/, "");
}

async function looksLikeRepository(dir: string): Promise<boolean> {
  const common = await commonDirOf(dir);
  return (await lstat(join(dir, "HEAD")).catch(() => undefined)) !== undefined && isFolder(join(common, "objects"));
}

async function commonDirOf(gitDir: string): Promise<string> {
  const pointer = await readPointer(join(gitDir, "commondir"));
  return pointer === undefined ? gitDir : resolve(gitDir, pointer);
}

/** The git directory `<folder>/.git` is or points to. */
async function gitDirIn(folder: string): Promise<string | undefined> {
  const dotGit = join(folder, ".git");
  if (await isFolder(dotGit)) return dotGit;
  const pointer = await readPointer(dotGit);
  return pointer?.startsWith("gitdir: ") ? resolve(folder, pointer.slice("gitdir: ".length)) : undefined;
}

/** The repository that holds `folder` (a real path): its own, or one further up; undefined when there is none. */
export async function findRepository(folder: string): Promise<Repository | undefined> {
  for (let current = folder; ; current = dirname(current)) {
    const gitDir = await gitDirIn(current);
    if (gitDir !== undefined && (await looksLikeRepository(gitDir)))
      return { topLevel: current, gitDir, commonDir: await commonDirOf(gitDir) };
    if (current === dirname(current)) break;
  }
  const isBare = (await looksLikeRepository(folder)) && (await isFolder(join(folder, "refs")));
  return isBare ? { topLevel: null, gitDir: folder, commonDir: folder } : undefined;
}

/** The entries git keeps about a linked worktree at `path`, found from the repository's side. */
export async function findWorktreeEntries(commonDir: string, path: string): Promise<string[]> {
  const folder = join(commonDir, "worktrees");
  const names = await readdir(folder).catch(() => []);
  const parent = await realpath(dirname(path)).catch(() => dirname(path));
  const dotGit = join(parent, basename(path), ".git");
  const found = await Promise.all(
    names.map(async (name) => {
      const entry = join(folder, name);
      const pointer = await readPointer(join(entry, "gitdir"));
      return pointer !== undefined && resolve(entry, pointer) === dotGit ? [entry] : [];
    }),
  );
  return found.flat();
}

export interface Head {
  /** The commit HEAD is at; null before the first. */
  commit: string | null;
  /** The branch it is on, as `refs/heads/…`; null when detached. */
  ref: string | null;
  objectFormat: string;
}

export async function readHead(git: Git, { gitDir }: Pick<Repository, "gitDir">, signal?: AbortSignal): Promise<Head> {
  const ask = async (...args: string[]) => {
    const { stdout, exitCode } = await git.run(args, { cwd: gitDir, gitDir, signal, okCodes: [1] });
    return exitCode === 0 ? stdout.toString().trim() : "";
  };
  const [commit, ref, objectFormat] = await Promise.all([
    ask("rev-parse", "--quiet", "--verify", "HEAD^{commit}"),
    ask("symbolic-ref", "--quiet", "HEAD"),
    ask("rev-parse", "--show-object-format"),
  ]);
  return {
    commit: commit || null,
    ref: ref.startsWith("refs/heads/") ? ref : null,
    objectFormat: objectFormat || "sha1",
  };
}

/** The commit a branch, remote branch or tag of this name is at; undefined when there is none. */
export async function findCommit(git: Git, gitDir: string, name: string): Promise<string | undefined> {
  for (const ref of [`refs/heads/${name}`, `refs/remotes/origin/${name}`, `refs/tags/${name}`]) {
    const { stdout, exitCode } = await git.run(["rev-parse", "--quiet", "--verify", `${ref}^{commit}`], {
      cwd: gitDir,
      gitDir,
      okCodes: [1, 128],
    });
    if (exitCode === 0) return stdout.toString().trim();
  }
  return undefined;
}
