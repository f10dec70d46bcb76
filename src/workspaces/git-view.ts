import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BareRepositoryParts, writeBareRepository } from "./bare-repository.ts";
import type { Git, GitOptions, GitOutput } from "./git.ts";

const MAX_EXCLUDE_BYTES = 256 * 1024;

export interface GitViewParts extends Omit<BareRepositoryParts, "workTree"> {
  /** Where new objects go; the view's own store, which dies with it, unless named. */
  writeTo?: string | undefined;
  workTree?: string | undefined;
  /** Where in the work tree git runs, when not at its top. */
  cwd?: string | undefined;
  indexFile?: string | undefined;
  /** A repository's info/exclude, whose patterns count here too. */
  excludeFile?: string | undefined;
  signal?: AbortSignal | undefined;
}

export interface GitView extends AsyncDisposable {
  dir: string;
  run(args: readonly string[], options?: Partial<GitOptions>): Promise<GitOutput>;
  /** The output as text, without its last line feed. */
  text(args: readonly string[], options?: Partial<GitOptions>): Promise<string>;
}

/**
 * A repository of our own over other repositories' objects: it reads what they hold and a work tree, but knows nothing
 * of their configuration, hooks, attributes or index. What an agent plants there is never read.
 */
export async function openGitView(git: Git, parts: GitViewParts): Promise<GitView> {
  const dir = await mkdtemp(join(tmpdir(), "orchestrator-git-"));
  const remove = () => rm(dir, { recursive: true, force: true, maxRetries: 2 });
  try {
    await writeBareRepository(dir, { ...parts, workTree: parts.workTree !== undefined });
    await writeFile(join(dir, "info/exclude"), await readExcludes(parts.excludeFile));
  } catch (error) {
    await remove();
    throw error;
  }
  const base: GitOptions = {
    cwd: parts.cwd ?? parts.workTree ?? dir,
    gitDir: dir,
    indexFile: parts.indexFile ?? join(dir, "index"),
    ...(parts.writeTo !== undefined && { objectStore: parts.writeTo }),
    ...(parts.workTree !== undefined && { workTree: parts.workTree }),
    signal: parts.signal,
  };
  const run: GitView["run"] = (args, options) => git.run(args, { ...base, ...options });
  return {
    dir,
    run,
    text: async (args, options) => (await run(args, options)).stdout.toString().replace(/\n$/, ""),
    [Symbol.asyncDispose]: remove,
  };
}

/** A pattern file is data; one that is too long to be one counts as none. */
async function readExcludes(path: string | undefined): Promise<string> {
  if (path === undefined) return "";
  const text = await readFile(path, "utf8").catch(() => "");
  return text.length > MAX_EXCLUDE_BYTES ? "" : text;
}
