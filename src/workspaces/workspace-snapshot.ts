import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Database } from "../db/database.ts";
import type { GitView } from "./git-view.ts";
import type { Git } from "./git.ts";
import { findNestedWork } from "./nested-repositories.ts";
import type { RepositoryCache } from "./repository-cache.ts";
import { type SnapshotState, writeSnapshotMessage } from "./snapshot-message.ts";
import { openSnapshotStore, type SnapshotStore } from "./snapshot-store.ts";
import { readWorkTree, type WorkTree } from "./work-tree.ts";
import { findOrigin, findPlace, type WorkspacePlace } from "./workspace-place.ts";
import { findNewestSnapshot, insertSnapshot, type WorkspaceRow } from "./workspace-queries.ts";

const MAX_BUNDLE_BYTES = 20 * 1024 * 1024;
/** How much of untracked files a snapshot in passing takes; one before a removal takes all. */
const MAX_UNTRACKED_BYTES = 256 * 1024 * 1024;
const KEPT = 5;
const MAX_REFS = 1_000;
const TIMEOUT_MS = 10 * 60_000;
/** Stands for HEAD where there is no commit yet. */
const NO_COMMIT = "0".repeat(40);

export interface SnapshotParts {
  db: Database;
  git: Git;
  cache: RepositoryCache;
  /** `<dataDir>/repositories` */
  folder: string;
}

export interface Taken {
  /** What no snapshot can hold: nested repositories, files that cannot be read. */
  leftOut: string[];
}

/**
 * Keeps HEAD and all that is not committed: a commit of the work tree in the snapshot store and, when it is small, a
 * bundle in the ledger. The same content twice is kept once. Undefined where there is no git.
 */
export async function takeSnapshot(
  parts: SnapshotParts,
  row: WorkspaceRow,
  { runId, isWhole }: { runId: string | null; isWhole: boolean },
): Promise<Taken | undefined> {
  const place = await findPlace(row);
  const origin = place && (await findOrigin(row, parts.cache));
  if (!origin) return undefined;
  await using tree = await readWorkTree({
    git: parts.git,
    ...place,
    objectStores: [origin.objectStore],
    maxUntrackedBytes: isWhole ? undefined : MAX_UNTRACKED_BYTES,
  });
  const state = await readState(parts.git, row, place, tree);
  const workTree = await commitWorkTree(tree, state);
  const newest = await findNewestSnapshot(parts.db, row.sessionId);
  const store = await openSnapshotStore({ ...parts, ...origin });
  if (newest?.workTree !== workTree || !(await store.has(workTree)))
    await keep(parts, { row, runId, store, view: tree.view, workTree, state, isNew: newest?.workTree !== workTree });
  const nested = isWhole ? await findNestedWork(parts.git, place, tree, row.baseCommit) : [];
  return { leftOut: [...tree.tooLarge, ...tree.unreadable, ...nested] };
}

interface Kept {
  row: WorkspaceRow;
  runId: string | null;
  store: SnapshotStore;
  view: GitView;
  workTree: string;
  state: SnapshotState;
  isNew: boolean;
}

async function keep({ db }: SnapshotParts, { row, runId, store, view, workTree, state, isNew }: Kept): Promise<void> {
  const file = await writeBundle(view, { row, workTree, state });
  await store.takeIn(file, { sessionId: row.sessionId, workTree, base: row.baseCommit });
  if (!isNew) return;
  const bundle = (await stat(file)).size <= MAX_BUNDLE_BYTES ? await readFile(file) : null;
  const snapshot = { sessionId: row.sessionId, runId, head: state.head ?? NO_COMMIT, workTree, bundle };
  await store.keepOnly(row.sessionId, await insertSnapshot(db, snapshot, KEPT));
}

/** The commits as one file; those the session began with are left out, for they are in the repository below. */
async function writeBundle(
  view: GitView,
  { row, workTree, state }: Pick<Kept, "row" | "workTree" | "state">,
): Promise<string> {
  const file = join(view.dir, "snapshot.bundle");
  const others = [...new Set([...state.refs.map(({ id }) => id), ...state.stashes])];
  const refs = [["refs/snapshot/work-tree", workTree], ...others.map((id, at) => [`refs/snapshot/${at}`, id])] as const;
  await view.run(["update-ref", "--stdin"], { input: refs.map(([name, id]) => `update ${name} ${id}\n`).join("") });
  const wanted = [...refs.map(([name]) => name), ...(row.baseCommit === null ? [] : [`^${row.baseCommit}`])];
  await view.run(["bundle", "create", "--quiet", file, "--stdin"], {
    input: `${wanted.join("\n")}\n`,
    timeoutMs: TIMEOUT_MS,
  });
  return file;
}

async function readState(git: Git, row: WorkspaceRow, place: WorkspacePlace, tree: WorkTree): Promise<SnapshotState> {
  const { commit: head, ref: headRef } = tree.head;
  const rest = row.kind === "github" ? await readRefs(git, place) : { refs: [], stashes: [] };
  return { head, headRef, staged: await commitStaged(tree), ...rest };
}

/** A clone's own branches, tags and stashes: with the clone they would go. A user's repository keeps its own. */
async function readRefs(
  git: Git,
  { repository: { gitDir } }: WorkspacePlace,
): Promise<Pick<SnapshotState, "refs" | "stashes">> {
  const options = { cwd: gitDir, gitDir };
  const format = "--format=%(objectname) %(refname)";
  const [refs, stashes] = await Promise.all([
    git.run(["for-each-ref", `--count=${MAX_REFS}`, format, "refs/heads/", "refs/tags/"], options),
    git.run(["rev-list", "--walk-reflogs", "--ignore-missing", "refs/stash"], { ...options, okCodes: [128] }),
  ]);
  return {
    refs: lines(refs.stdout).map((line) => ({
      id: line.slice(0, line.indexOf(" ")),
      name: line.slice(line.indexOf(" ") + 1),
    })),
    stashes: lines(stashes.stdout),
  };
}

const lines = (output: Buffer): string[] =>
  output
    .toString()
    .split("\n")
    .filter((line) => line !== "");

async function commitStaged({ head, staged, view }: WorkTree): Promise<string | null> {
  if (staged === null) return null;
  const headTree = head.commit === null ? null : await view.text(["rev-parse", `${head.commit}^{tree}`]);
  return staged === headTree ? null : view.text(["commit-tree", "-m", "Staged", ...parentsOf(head.commit), staged]);
}

async function commitWorkTree({ view }: WorkTree, state: SnapshotState): Promise<string> {
  const tree = await view.text(["write-tree"], { timeoutMs: TIMEOUT_MS });
  const parents = [...parentsOf(state.head), ...parentsOf(state.staged)];
  return view.text(["commit-tree", "-F", "-", ...parents, tree], { input: writeSnapshotMessage(state) });
}

const parentsOf = (commit: string | null): string[] => (commit === null ? [] : ["-p", commit]);
