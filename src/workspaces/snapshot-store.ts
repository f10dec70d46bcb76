import { createHash } from "node:crypto";
import { lstat, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeBareRepository } from "./bare-repository.ts";
import type { Git } from "./git.ts";
import { hasCommit } from "./repository-cache.ts";
import { tidyRepository } from "./tidy-repository.ts";

const TIMEOUT_MS = 10 * 60_000;

/** The snapshots of all sessions of one repository, over that repository's own objects. */
export interface SnapshotStore {
  dir: string;
  /** The ref below which a snapshot's commits are. */
  refOf(sessionId: string, workTree: string): string;
  has(commit: string): Promise<boolean>;
  /** Takes in a bundle; the commit it builds on has to be here or in the repository below. */
  takeIn(bundle: string, snapshot: { sessionId: string; workTree: string; base: string | null }): Promise<void>;
  /** Forgets all snapshots of a session but these. */
  keepOnly(sessionId: string, workTrees: readonly string[]): Promise<void>;
}

interface Parts {
  git: Git;
  /** `<dataDir>/repositories` */
  folder: string;
  /** What tells the repository from others: its address, or its folder. */
  name: string;
  /** Where the objects are that snapshots need not hold. */
  objectStore: string;
}

const refsOf = (sessionId: string): string => `refs/claude/${sessionId}`;
const refOf = (sessionId: string, workTree: string): string => `${refsOf(sessionId)}/${workTree.slice(0, 20)}`;

/**
 * Snapshots have a repository of their own beside the cache: clones are made from the cache, and one session's
 * uncommitted files are no business of another's.
 */
export async function openSnapshotStore({ git, folder, name, objectStore }: Parts): Promise<SnapshotStore> {
  const dir = join(folder, `${createHash("sha256").update(name).digest("hex").slice(0, 32)}.snapshots.git`);
  await ensureStore(dir, objectStore);
  const run = (args: readonly string[], options = {}) =>
    git.run(args, { cwd: dir, gitDir: dir, timeoutMs: TIMEOUT_MS, ...options });
  return {
    dir,
    refOf,
    has: (commit) => hasCommit(git, dir, commit),

    async takeIn(bundle, { sessionId, workTree, base }) {
      if (base !== null) await run(["update-ref", `${refsOf(sessionId)}/base`, base]);
      const refspec = `+refs/snapshot/*:${refOf(sessionId, workTree)}/*`;
      await run(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--", bundle, refspec], {
        protocols: ["file"],
      });
    },

    async keepOnly(sessionId, workTrees) {
      const kept = new Set([`${refsOf(sessionId)}/base`, ...workTrees.map((id) => refOf(sessionId, id))]);
      const { stdout } = await run(["for-each-ref", "--format=%(refname)", `${refsOf(sessionId)}/`]);
      const gone = stdout
        .toString()
        .split("\n")
        .filter((ref) => ref !== "" && !kept.has(ref) && !kept.has(ref.slice(0, ref.lastIndexOf("/"))));
      await tidyRepository(git, dir);
      if (gone.length > 0)
        await run(["update-ref", "--stdin"], { input: gone.map((ref) => `delete ${ref}\n`).join("") });
    },
  };
}

async function ensureStore(dir: string, objectStore: string): Promise<void> {
  if (await lstat(join(dir, "HEAD")).catch(() => undefined)) return;
  const made = `${dir}.making-${process.pid}-${Date.now().toString(36)}`;
  await writeBareRepository(made, { objectStores: [objectStore], config: ["[gc]", "\tauto = 0"] });
  // Two first snapshots at once: the second finds the folder taken, and what it wanted made.
  await rename(made, dir).catch(() => rm(made, { recursive: true, force: true }));
}
