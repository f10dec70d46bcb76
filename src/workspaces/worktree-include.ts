import { constants } from "node:fs";
import { lstat, mkdir, open, readFile, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Logger } from "../lib/logger.ts";
import type { Repository } from "./git-repository.ts";
import { openGitView } from "./git-view.ts";
import type { Git } from "./git.ts";
import { guardPath } from "./guard-path.ts";

const NAME = ".worktreeinclude";
const MAX_PATTERN_BYTES = 64 * 1024;
const MAX_FILES = 10_000;
const MAX_TOTAL_BYTES = 1024 ** 3;

interface Parts {
  git: Git;
  log: Logger;
  repository: Repository & { topLevel: string };
  /** The new worktree. */
  target: string;
  signal: AbortSignal;
}

/**
 * Copies what a new worktree lacks although the work needs it (`.env`, local settings): files that `.worktreeinclude` of
 * the repository's work tree names and git ignores. Files that are there already stay; links are left where they are.
 */
export async function copyIncluded({ git, log, repository, target, signal }: Parts): Promise<void> {
  const files = await listIncluded(git, repository, signal);
  let bytes = 0;
  for (const [count, path] of files.entries()) {
    signal.throwIfAborted();
    if (count >= MAX_FILES || bytes > MAX_TOTAL_BYTES) {
      log.warn({ target, files: files.length }, "not all files of .worktreeinclude were copied: there are too many");
      return;
    }
    bytes += await copyFile(repository.topLevel, target, path).catch((error: unknown) => {
      log.warn({ err: error, target, path }, "a file of .worktreeinclude was not copied");
      return 0;
    });
  }
}

async function listIncluded(git: Git, repository: Parts["repository"], signal: AbortSignal): Promise<string[]> {
  const patterns = join(repository.topLevel, NAME);
  const facts = await lstat(patterns).catch(() => undefined);
  if (!facts?.isFile() || facts.size > MAX_PATTERN_BYTES || (await readFile(patterns, "utf8")).trim() === "") return [];
  await using view = await openGitView(git, {
    workTree: repository.topLevel,
    excludeFile: join(repository.commonDir, "info/exclude"),
    signal,
  });
  const named = await view.run(["ls-files", "--others", "--ignored", "-z", `--exclude-from=${patterns}`]);
  if (named.stdout.length === 0) return [];
  const notIgnored = await view.run(["ls-files", "--others", "--exclude-standard", "-z"]);
  const others = new Set([...toNames(notIgnored.stdout), ...(await trackedFiles(git, repository))]);
  return toNames(named.stdout).filter((path) => !others.has(path) && !/(^|\/)\.git(\/|$)/i.test(path));
}

const toNames = (output: Buffer): string[] =>
  output
    .toString()
    .split("\0")
    .filter((name) => name !== "");

async function trackedFiles(git: Git, { topLevel, gitDir }: Parts["repository"]): Promise<string[]> {
  const { stdout } = await git.run(["ls-files", "-z"], { cwd: topLevel, gitDir, workTree: topLevel });
  return toNames(stdout);
}

/** Bytes copied. Neither end follows a link, and nothing that exists is written over. */
async function copyFile(from: string, to: string, path: string): Promise<number> {
  const source = await guardPath(from, path);
  if (source !== join(await realpath(from), path)) return 0;
  const target = await guardPath(to, path);
  const input = await open(source, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(leaveLinks);
  if (!input) return 0;
  try {
    const facts = await input.stat();
    if (!facts.isFile()) return 0;
    await mkdir(dirname(target), { recursive: true });
    const output = await open(target, "wx", facts.mode & 0o777).catch(leaveExisting);
    if (!output) return 0;
    await pipeline(input.createReadStream({ autoClose: false }), output.createWriteStream());
    return facts.size;
  } finally {
    await input.close();
  }
}

const unless = (code: string) => (error: unknown) => {
  if (error instanceof Error && "code" in error && error.code === code) return undefined;
  throw error;
};
const leaveLinks = unless("ELOOP");
const leaveExisting = unless("EEXIST");
