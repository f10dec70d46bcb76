import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "../lib/errors.ts";
import { findCommit, objectStoreOf, type Repository } from "./git-repository.ts";
import { openGitView } from "./git-view.ts";
import type { Git } from "./git.ts";
import { readSettings } from "./readable-settings.ts";
import { readSnapshotMessage, type SnapshotState } from "./snapshot-message.ts";
import { openSnapshotStore, type SnapshotStore } from "./snapshot-store.ts";
import { findOrigin } from "./workspace-place.ts";
import { findBundle, type SnapshotRow, type WorkspaceRow } from "./workspace-queries.ts";
import type { SnapshotParts } from "./workspace-snapshot.ts";

const TIMEOUT_MS = 10 * 60_000;
const RESTORED = "refs/claude-restored";

export interface RestoreSnapshot {
  /** Everything of the snapshot into a fresh clone: commits, branches, stashes, index, files. */
  intoClone(dir: string, signal: AbortSignal): Promise<void>;
  /** Its commits into an object store. */
  intoObjects(objectStore: string, signal: AbortSignal): Promise<void>;
  /** How `git worktree add` gets to where HEAD was. */
  placeIn(commonDir: string): Promise<{ place: string[]; commit: string }>;
  /** Its files and index into a work tree that has none; what was not committed is not committed again. */
  files(repository: Repository & { topLevel: string }, signal: AbortSignal): Promise<void>;
}

/** The store that holds this snapshot, filled from the bundle in the ledger when it has been lost. */
export async function openStoreOf(
  parts: SnapshotParts,
  row: WorkspaceRow,
  snapshot: SnapshotRow,
  signal: AbortSignal,
): Promise<SnapshotStore> {
  if (row.kind === "github" && row.repository !== null && row.baseCommit !== null)
    if (!(await parts.cache.has(row.repository, row.baseCommit)))
      await parts.cache.withNewest({ url: row.repository, branch: null, signal }, async () => {});
  const origin = await findOrigin(row, parts.cache);
  if (!origin) throw new AppError("upstream_failed", `The repository of session ${row.sessionId} is gone`);
  const store = await openSnapshotStore({ ...parts, ...origin });
  if (!(await store.has(snapshot.workTree))) await refill(parts, row, snapshot, store);
  return store;
}

async function refill(
  { db }: SnapshotParts,
  row: WorkspaceRow,
  snapshot: SnapshotRow,
  store: SnapshotStore,
): Promise<void> {
  const bundle = await findBundle(db, snapshot.id);
  if (!bundle)
    throw new AppError(
      "upstream_failed",
      `The snapshot of session ${row.sessionId} is gone, and was too large for the database`,
    );
  const folder = await mkdtemp(join(tmpdir(), "orchestrator-bundle-"));
  try {
    await writeFile(join(folder, "snapshot.bundle"), bundle);
    await store.takeIn(join(folder, "snapshot.bundle"), { ...snapshot, base: row.baseCommit });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function openRestore(
  parts: SnapshotParts,
  row: WorkspaceRow,
  snapshot: SnapshotRow,
  signal: AbortSignal,
): Promise<RestoreSnapshot> {
  const { git } = parts;
  const store = await openStoreOf(parts, row, snapshot, signal);
  const { stdout } = await git.run(["cat-file", "commit", snapshot.workTree], { cwd: store.dir, gitDir: store.dir });
  const from: Source = { git, row, store, workTree: snapshot.workTree, state: readSnapshotMessage(stdout.toString()) };
  return {
    intoClone: (dir, abort) => restoreIntoClone(from, dir, abort),
    intoObjects: (objectStore, abort) => restoreIntoObjects(from, objectStore, abort),
    placeIn: (commonDir) => findHeadPlace(from, commonDir),
    files: (repository, abort) => restoreFiles(from, repository, abort),
  };
}

interface Source {
  git: Git;
  row: WorkspaceRow;
  store: SnapshotStore;
  workTree: string;
  state: SnapshotState;
}

function fetchFrom({ row, store, workTree }: Source, to: string): string[] {
  const refspec = `+${store.refOf(row.sessionId, workTree)}/*:${to}/*`;
  return ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--", store.dir, refspec];
}

async function restoreIntoClone(from: Source, dir: string, signal: AbortSignal): Promise<void> {
  const { git, state } = from;
  const gitDir = join(dir, ".git");
  const options = { cwd: dir, gitDir, signal, timeoutMs: TIMEOUT_MS };
  await git.run(fetchFrom(from, RESTORED), { ...options, protocols: ["file"] });
  await git.run(["update-ref", "--stdin"], { ...options, input: refUpdates(state) });
  for (const id of state.stashes.toReversed())
    await git.run(["update-ref", "--create-reflog", "-m", "restored", "refs/stash", id], options);
  if (state.headRef !== null) await git.run(["symbolic-ref", "HEAD", state.headRef], options);
  else if (state.head !== null) await git.run(["update-ref", "--no-deref", "HEAD", state.head], options);
  await restoreFiles(from, { topLevel: dir, gitDir, commonDir: gitDir }, signal);
  const left = await git.run(["for-each-ref", "--format=delete %(refname)", `${RESTORED}/`], options);
  await git.run(["update-ref", "--stdin"], { ...options, input: left.stdout });
}

async function restoreIntoObjects(from: Source, objectStore: string, signal: AbortSignal): Promise<void> {
  const { baseCommit } = from.row;
  await using view = await openGitView(from.git, { objectStores: [objectStore], writeTo: objectStore, signal });
  // What is known to be there need not be sent again.
  if (baseCommit !== null) await view.run(["update-ref", "refs/base", baseCommit]);
  await view.run(fetchFrom(from, "refs/restored"), { protocols: ["file"], timeoutMs: TIMEOUT_MS });
}

async function findHeadPlace(
  { git, row, state }: Source,
  commonDir: string,
): Promise<{ place: string[]; commit: string }> {
  const { head: commit, headRef } = state;
  if (commit === null) throw new AppError("upstream_failed", `The snapshot of session ${row.sessionId} has no commit`);
  if (headRef === null) return { place: ["--detach"], commit };
  const branch = headRef.replace("refs/heads/", "");
  const now = await findCommit(git, commonDir, branch);
  const { stdout } = await git.run(["worktree", "list", "--porcelain", "-z"], { cwd: commonDir, gitDir: commonDir });
  const isCheckedOut = stdout.toString().split("\0").includes(`branch ${headRef}`);
  // A branch that has moved on, or is checked out elsewhere, is the user's now: we work beside it.
  const isFree = !isCheckedOut && (now === undefined || now === commit);
  return { place: isFree ? ["-B", branch] : ["--detach"], commit };
}

async function restoreFiles(
  { git, workTree, state }: Source,
  { topLevel, gitDir, commonDir }: Repository & { topLevel: string },
  signal: AbortSignal,
): Promise<void> {
  const objectStores = [objectStoreOf({ commonDir })];
  await using view = await openGitView(git, {
    workTree: topLevel,
    objectStores,
    indexFile: join(gitDir, "index"),
    config: await readSettings(git, { gitDir }, signal),
    signal,
  });
  await view.run(["read-tree", "--reset", "-u", workTree], { timeoutMs: TIMEOUT_MS });
  await view.run(["read-tree", state.staged ?? state.head ?? "--empty"]);
  await view.run(["update-index", "-q", "--refresh"], { okCodes: [1], timeoutMs: TIMEOUT_MS });
}

/** A clone's branches and tags as they were. */
function refUpdates({ refs, head, headRef }: SnapshotState): string {
  const all = new Map(refs.map(({ name, id }) => [name, id]));
  if (headRef !== null && head !== null) all.set(headRef, head);
  return [...all].map(([name, id]) => `update ${name} ${id}\n`).join("");
}
