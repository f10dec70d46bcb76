import { createHash } from "node:crypto";
import { lstat, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import { writeBareRepository } from "./bare-repository.ts";
import { explainGitFailure } from "./git-failure.ts";
import { findCommit } from "./git-repository.ts";
import type { Git } from "./git.ts";
import type { RepositoryLocks } from "./repository-locks.ts";
import { tidyRepository } from "./tidy-repository.ts";

interface Parts {
  git: Git;
  locks: RepositoryLocks;
  /** `<dataDir>/repositories` */
  folder: string;
  hasToken: boolean;
  log: Logger;
}

export interface CachedRepository {
  /** A bare repository; remote branches are refs/remotes/origin/*. */
  dir: string;
  /** The remote's default branch; null when it does not say. */
  defaultBranch: string | null;
  /** Where the asked branch is, or the default one; null in a repository without commits. */
  start: string | null;
}

export type RepositoryCache = ReturnType<typeof createRepositoryCache>;

const hash = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 32);

/** The transport an address uses; the address was checked when the session was made. */
export function protocolOf(url: string): string {
  const scheme = /^(https|http|ssh|file):\/\//.exec(url)?.[1];
  if (scheme) return scheme;
  return url.startsWith("/") ? "file" : "ssh";
}

/** One bare copy of each remote repository, from which workspaces are cloned without the network. */
export function createRepositoryCache({ git, locks, folder, hasToken, log }: Parts) {
  /** When the last fetch of a repository began: whoever asked before that has its answer. */
  const fetched = new Map<string, number>();

  const dirOf = (url: string): string => join(folder, `${hash(url)}.git`);

  async function bring({ url, branch, signal }: Asked, asked: number): Promise<void> {
    const fetcher = { git, dir: dirOf(url), url, signal, log };
    if ((fetched.get(url) ?? -1) < asked) {
      const began = performance.now();
      await fetchBranches(fetcher);
      fetched.set(url, began);
      await tidyRepository(git, fetcher.dir);
    }
    if (branch !== null && (await findIn(git, fetcher.dir, branch)).start === null) await fetchTag(fetcher, branch);
  }

  return {
    dirOf,
    /** Keeps a commit that a session builds on, whatever the remote does to its branches. */
    keep: async (url: string, sessionId: string, commit: string): Promise<void> => {
      const dir = dirOf(url);
      await git.run(["update-ref", `refs/claude/base/${sessionId}`, commit], { cwd: dir, gitDir: dir });
    },

    has: (url: string, commit: string): Promise<boolean> => hasCommit(git, dirOf(url), commit),

    /**
     * Brings the newest state of the remote, then lets `use` work on it while nobody else changes it. Ten who ask at
     * once share a fetch or two.
     */
    withNewest<T>(wanted: Asked, use: (repository: CachedRepository) => Promise<T>): Promise<T> {
      const asked = performance.now();
      const { url, branch, signal } = wanted;
      return locks.hold(url, signal, async () => {
        await bring(wanted, asked).catch((error: unknown) => {
          throw explainGitFailure(error, { repository: url, hasToken });
        });
        const repository = await findIn(git, dirOf(url), branch);
        if (branch !== null && repository.start === null)
          throw new AppError("upstream_failed", `The repository ${url} has no branch or tag ${branch}`);
        return use(repository);
      });
    },

    /** Lets `use` work on what is here already, without asking the remote. */
    withPresent: <T>(
      { url, signal }: Omit<Asked, "branch">,
      use: (repository: CachedRepository) => Promise<T>,
    ): Promise<T> => locks.hold(url, signal, async () => use(await findIn(git, dirOf(url), null))),
  };
}

interface Asked {
  url: string;
  branch: string | null;
  signal: AbortSignal;
}

interface Fetcher {
  git: Git;
  dir: string;
  url: string;
  signal: AbortSignal;
  log: Logger;
}

const ORIGIN_HEAD = "refs/remotes/origin/HEAD";

async function fetchBranches({ git, dir, url, signal, log }: Fetcher): Promise<void> {
  await ensureRepository(dir);
  await removeStaleLocks(dir);
  const remote = { cwd: dir, url, protocols: [protocolOf(url)], signal };
  const head = /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(await git.listRemote(["HEAD"], remote))?.[1];
  await git.fetch(["+refs/heads/*:refs/remotes/origin/*"], { ...remote, onProgress: progressLog(log, url) });
  const args = head ? [ORIGIN_HEAD, `refs/remotes/origin/${head}`] : ["--delete", ORIGIN_HEAD];
  await git.run(["symbolic-ref", ...args], { cwd: dir, gitDir: dir, okCodes: head ? [] : [1, 128] });
}

/** A tag is fetched when it is asked for: most repositories have many, most sessions need none. */
async function fetchTag({ git, dir, url, signal, log }: Fetcher, name: string): Promise<void> {
  const remote = { cwd: dir, url, protocols: [protocolOf(url)], signal };
  await git.fetch([`+refs/tags/${name}:refs/tags/${name}`], remote).catch((error: unknown) => {
    signal.throwIfAborted();
    log.debug({ err: error, repository: url }, "no such tag");
  });
}

async function findIn(git: Git, dir: string, branch: string | null): Promise<CachedRepository> {
  const options = { cwd: dir, gitDir: dir, okCodes: [1] };
  const { stdout, exitCode } = await git.run(["symbolic-ref", "--quiet", ORIGIN_HEAD], options);
  const defaultBranch = exitCode === 0 ? stdout.toString().trim().replace("refs/remotes/origin/", "") : null;
  const wanted = branch ?? defaultBranch;
  return { dir, defaultBranch, start: (wanted !== null && (await findCommit(git, dir, wanted))) || null };
}

export async function hasCommit(git: Git, dir: string, commit: string): Promise<boolean> {
  if (!(await lstat(dir).catch(() => undefined))) return false;
  const { exitCode } = await git.run(["cat-file", "-e", `${commit}^{commit}`], {
    cwd: dir,
    gitDir: dir,
    okCodes: [1, 128],
  });
  return exitCode === 0;
}

async function ensureRepository(dir: string): Promise<void> {
  if (await lstat(join(dir, "HEAD")).catch(() => undefined)) return;
  const made = `${dir}.making`;
  await rm(made, { recursive: true, force: true });
  await writeBareRepository(made, { config: ["[gc]", "\tauto = 0"] });
  await rename(made, dir);
}

const LOCKED_FOLDERS = ["", "refs", "refs/remotes/origin", "refs/tags"];

/** A fetch that was killed leaves its lock files; nobody else fetches here while we hold our lock. */
async function removeStaleLocks(dir: string): Promise<void> {
  for (const name of LOCKED_FOLDERS) {
    const folder = join(dir, name);
    const entries = await readdir(folder, { recursive: name === "refs/remotes/origin" }).catch(() => []);
    const stale = entries.filter((entry) => entry.endsWith(".lock"));
    await Promise.all(stale.map((entry) => rm(join(folder, entry), { force: true })));
  }
}

const LOG_EVERY_MS = 5_000;

function progressLog(log: Logger, repository: string): (text: string) => void {
  let last = performance.now();
  return (text) => {
    const [, stage, percent] = /([A-Z][a-z ]+): +(\d+)%/.exec(text) ?? [];
    if (stage === undefined || performance.now() - last < LOG_EVERY_MS) return;
    last = performance.now();
    log.info({ repository, stage, percent: Number(percent) }, "fetching a repository");
  };
}
