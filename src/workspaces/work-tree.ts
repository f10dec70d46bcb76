import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { type Head, objectStoreOf, readHead, type Repository } from "./git-repository.ts";
import { type GitView, openGitView } from "./git-view.ts";
import type { Git } from "./git.ts";
import { leaveOutLargest } from "./large-untracked.ts";
import { readSettings } from "./readable-settings.ts";

const TIMEOUT_MS = 10 * 60_000;
const EMPTY_TREES: Record<string, string> = {
  sha1: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
  sha256: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
};

/** The tree of no files: what there is before the first commit. */
export const emptyTreeOf = (head: Pick<Head, "objectFormat">): string => EMPTY_TREES[head.objectFormat] ?? "";

/** Without it, a file marked as skipped is one that somebody hides. With it, git itself looks at those that are there. */
const SPARSE = "\tsparsecheckout = true";

export interface WorkTree extends AsyncDisposable {
  head: Head;
  /** Holds, in its index, every file of the work tree that git does not ignore. */
  view: GitView;
  /** The tree of what the agent has staged; null when it cannot be written (a merge is on). */
  staged: string | null;
  /** What git could not take in: files that cannot be read, repositories of their own without a commit. */
  unreadable: string[];
  /** Untracked files left out for their size, named from the top. */
  tooLarge: string[];
}

/** Folders that are repositories of their own, with the commit each is at. */
export async function listLinks(view: GitView): Promise<{ path: string; id: string }[]> {
  const links = (await listIndex(view)).filter(({ isLink }) => isLink);
  return links.map(({ path, line }) => ({
    path: Buffer.from(path, "latin1").toString(),
    id: line.split(" ", 2)[1] ?? "",
  }));
}

interface Parts {
  git: Git;
  repository: Repository & { topLevel: string };
  /** The part of the work tree that counts: its top, or a folder in it. */
  folder: string;
  /** Object stores beside the repository's own. */
  objectStores?: readonly string[];
  /** How much of untracked files is taken in; the largest are left out first. */
  maxUntrackedBytes?: number | undefined;
  signal?: AbortSignal | undefined;
}

interface IndexEntry {
  line: string;
  path: string;
  isLink: boolean;
  isSkipped: boolean;
}

/** Reads a work tree into an index of our own. The agent's index, refs and objects are read, never written. */
export async function readWorkTree(parts: Parts): Promise<WorkTree> {
  const { git, repository, folder, signal } = parts;
  const [head, settings, entries] = await Promise.all([
    readHead(git, repository, signal),
    readSettings(git, repository, signal),
    readIndex(parts),
  ]);
  const isSparse = settings.includes(SPARSE);
  const view = await openGitView(git, {
    workTree: repository.topLevel,
    cwd: folder,
    objectStores: [objectStoreOf(repository), ...(parts.objectStores ?? [])],
    config: settings,
    objectFormat: head.objectFormat,
    excludeFile: join(repository.commonDir, "info/exclude"),
    signal,
  });
  try {
    const staged = await fillIndex(view, entries, head);
    const { topLevel } = repository;
    const max = parts.maxUntrackedBytes;
    const tooLarge = max === undefined ? [] : await leaveOutLargest(view, topLevel, max);
    const unreadable = await addEverything(view, { topLevel, entries: entries ?? [], isSparse });
    return { head, view, staged, tooLarge, unreadable, [Symbol.asyncDispose]: () => view[Symbol.asyncDispose]() };
  } catch (error) {
    await view[Symbol.asyncDispose]();
    throw error;
  }
}

/** Begins with what the agent's git tracks, so that ignored files it tracks all the same stay in the picture. */
async function fillIndex(
  view: GitView,
  entries: readonly IndexEntry[] | undefined,
  head: Head,
): Promise<string | null> {
  if (!entries) {
    await view.run(["read-tree", head.commit ?? "--empty"]);
    return null;
  }
  await indexInfo(
    view,
    entries.map(({ line }) => line),
  );
  const written = await view.run(["write-tree"], { okCodes: [128], timeoutMs: TIMEOUT_MS });
  return written.exitCode === 0 ? written.stdout.toString().trim() : null;
}

interface Adding {
  topLevel: string;
  entries: readonly IndexEntry[];
  isSparse: boolean;
}

/**
 * Takes in the files. Gitlinks leave the index first: for those git would ask the nested repository for its status, and
 * so obey its configuration; as untracked repositories they come back with their commit alone.
 */
async function addEverything(view: GitView, { topLevel, entries, isSparse }: Adding): Promise<string[]> {
  const links = entries.filter(({ isLink }) => isLink);
  if (links.length > 0) await indexInfo(view, links.map(toRemoval));
  const skipped = isSparse ? entries.filter(({ isSkipped }) => isSkipped) : [];
  if (skipped.length > 0)
    await view.run(["update-index", "-z", "--skip-worktree", "--stdin"], {
      input: toLines(skipped.map(({ path }) => path)),
    });
  const added = await view.run(ADD_ALL, { okCodes: [1], timeoutMs: TIMEOUT_MS });
  if (links.length > 0) await putBackLinks(view, topLevel, links);
  return added.exitCode === 0 ? [] : listOthers(view);
}

/** A nested repository without a commit and a file that cannot be read are left out, which is exit code 1. */
const ADD_ALL = ["add", "--all", "--ignore-errors", "--sparse", "--", "."];

const listOthers = async (view: GitView): Promise<string[]> => {
  const { stdout } = await view.run(["ls-files", "--others", "--exclude-standard", "-z", "--", "."]);
  return stdout
    .toString()
    .split("\0")
    .filter((path) => path !== "");
};

/** Submodules that are not checked out are empty folders; a link goes only when its folder is gone. */
async function putBackLinks(view: GitView, topLevel: string, links: readonly IndexEntry[]): Promise<void> {
  const present = new Set((await listIndex(view)).filter(({ isLink }) => isLink).map(({ path }) => path));
  const back = await Promise.all(
    links.map(async (link) => {
      if (present.has(link.path)) return [];
      const path = Buffer.concat([Buffer.from(`${topLevel}/`), Buffer.from(link.path, "latin1")]);
      const facts = await lstat(path).catch(() => undefined);
      return facts?.isDirectory() ? [link.line] : [];
    }),
  );
  if (back.flat().length > 0) await indexInfo(view, back.flat());
}

const toLines = (names: readonly string[]): Buffer => Buffer.from(names.map((name) => `${name}\0`).join(""), "latin1");

/** The line that takes an entry out of an index. */
const toRemoval = ({ line, path }: IndexEntry): string =>
  `0 ${"0".repeat(line.split(" ", 2)[1]?.length ?? 0)}\t${path}`;

const indexInfo = (view: GitView, lines: readonly string[]) =>
  view.run(["update-index", "-z", "--index-info"], { input: toLines(lines), timeoutMs: TIMEOUT_MS });

const listIndex = async (view: GitView): Promise<IndexEntry[]> =>
  parseIndex((await view.run(["ls-files", "-t", "--stage", "-z", "--full-name"])).stdout);

/** The agent's index, without the flags in it that hide changes; undefined when it cannot be read. */
async function readIndex({ git, repository, signal }: Parts): Promise<IndexEntry[] | undefined> {
  const { stdout, exitCode } = await git.run(["ls-files", "-t", "--stage", "-z"], {
    cwd: repository.topLevel,
    gitDir: repository.gitDir,
    workTree: repository.topLevel,
    signal,
    okCodes: [128],
  });
  return exitCode === 0 ? parseIndex(stdout) : undefined;
}

/** Lines as `H 100644 <id> 0\t<path>`. Latin-1 keeps names that are not UTF-8 as they are. */
function parseIndex(output: Buffer): IndexEntry[] {
  const lines = output
    .toString("latin1")
    .split("\0")
    .filter((line) => line !== "");
  return lines.map((line) => {
    const entry = line.slice(2);
    return {
      line: entry,
      path: entry.slice(entry.indexOf("\t") + 1),
      isLink: entry.startsWith("160000"),
      isSkipped: line.startsWith("S "),
    };
  });
}
