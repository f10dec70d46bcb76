import { join, relative } from "node:path";
import type { Diff, DiffFile } from "../contract/diff.ts";
import { explainLocalFailure } from "./git-failure.ts";
import { type GitView, openGitView } from "./git-view.ts";
import { parseDiff } from "./parse-diff.ts";
import { emptyTreeOf, readWorkTree } from "./work-tree.ts";
import { findOrigin, findPlace, type WorkspacePlace } from "./workspace-place.ts";
import { findNewestSnapshot, type WorkspaceRow } from "./workspace-queries.ts";
import { openStoreOf } from "./workspace-restore.ts";
import type { SnapshotParts } from "./workspace-snapshot.ts";

const MAX_PATCH_BYTES = 2 * 1024 * 1024;
const MAX_FILES = 5_000;
const TIMEOUT_MS = 120_000;
/** The largest untracked files beyond this are listed, but not read. */
const MAX_UNTRACKED_BYTES = 256 * 1024 * 1024;

/** Nothing of the repository decides how a diff is made: no drivers, no filters, no settings. */
const PLAIN = [
  "--no-ext-diff",
  "--no-textconv",
  "--no-color",
  "--find-renames",
  "--ignore-submodules=dirty",
  "--relative",
];

const emptyDiff = (sessionId: string): Diff => ({
  sessionId,
  base: null,
  files: [],
  added: 0,
  removed: 0,
  patch: "",
  truncated: false,
});

interface Asked {
  sessionId: string;
  base: string | null;
  /** What git compares: `--cached <base>` for the view's index, or two trees. */
  what: readonly string[];
}

async function diffOf(view: GitView, { sessionId, base, what }: Asked): Promise<Diff> {
  const compare = (how: readonly string[], cutOutputAt?: number) =>
    view.run(["diff", ...PLAIN, ...how, ...what, "--", "."], {
      timeoutMs: TIMEOUT_MS,
      ...(cutOutputAt !== undefined && { cutOutputAt }),
    });
  const [list, patch] = await Promise.all([
    compare(["--raw", "--numstat", "-z"]),
    compare(["--patch"], MAX_PATCH_BYTES),
  ]);
  const files = parseDiff(list.stdout);
  return {
    sessionId,
    base,
    files: files.slice(0, MAX_FILES),
    added: files.reduce((sum, file) => sum + (file.added ?? 0), 0),
    removed: files.reduce((sum, file) => sum + (file.removed ?? 0), 0),
    patch: patch.truncated ? wholeLines(patch.stdout) : patch.stdout.toString(),
    truncated: patch.truncated || files.length > MAX_FILES,
  };
}

/** Cut after the last line that is whole, so that no character is cut in two. */
const wholeLines = (bytes: Buffer): string => bytes.subarray(0, bytes.lastIndexOf("\n") + 1).toString();

/** What a session changed: from its workspace, or from its newest snapshot when the workspace is not there. */
export async function readDiff(parts: SnapshotParts, sessionId: string, row: WorkspaceRow | undefined): Promise<Diff> {
  if (!row) return emptyDiff(sessionId);
  try {
    const place = row.state === "ready" ? await findPlace(row) : undefined;
    if (place) return await diffOfPlace(parts, row, place);
    return row.state === "archived" ? await diffOfSnapshot(parts, row) : emptyDiff(sessionId);
  } catch (error) {
    throw explainLocalFailure(error, row.path);
  }
}

async function diffOfPlace(parts: SnapshotParts, row: WorkspaceRow, place: WorkspacePlace): Promise<Diff> {
  const origin = await findOrigin(row, parts.cache);
  await using tree = await readWorkTree({
    git: parts.git,
    ...place,
    objectStores: origin ? [origin.objectStore] : [],
    maxUntrackedBytes: MAX_UNTRACKED_BYTES,
  });
  const base = row.baseCommit;
  const what = ["--cached", base ?? emptyTreeOf(tree.head)];
  const diff = await diffOf(tree.view, { sessionId: row.sessionId, base, what });
  const large = tree.tooLarge.map((name) => unreadFile(relative(place.folder, join(place.repository.topLevel, name))));
  return large.length === 0 ? diff : { ...diff, files: [...diff.files, ...large], truncated: true };
}

const unreadFile = (path: string): DiffFile => ({
  path,
  previousPath: null,
  status: "added",
  added: null,
  removed: null,
});

async function diffOfSnapshot(parts: SnapshotParts, row: WorkspaceRow): Promise<Diff> {
  const snapshot = await findNewestSnapshot(parts.db, row.sessionId);
  if (!snapshot) return emptyDiff(row.sessionId);
  const store = await openStoreOf(parts, row, snapshot, AbortSignal.timeout(TIMEOUT_MS));
  await using view = await openGitView(parts.git, { objectStores: [join(store.dir, "objects")] });
  const from = row.baseCommit ?? emptyTreeOf({ objectFormat: "sha1" });
  return await diffOf(view, { sessionId: row.sessionId, base: row.baseCommit, what: [from, snapshot.workTree] });
}
