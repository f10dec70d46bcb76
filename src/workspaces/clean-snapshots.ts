import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Database } from "../db/database.ts";
import { folderSize } from "../lib/folder-size.ts";
import type { Git } from "./git.ts";
import { findKeptSnapshots } from "./workspace-queries.ts";

const TIMEOUT_MS = 10 * 60_000;
const MAX_REFS = 100_000;
/** `refs/claude/<session>/<snapshot>/<name>` in a snapshot store, `refs/claude/base/<session>` in a repository's cache. */
const OURS = /^(?<place>refs\/claude\/(?:base\/)?(?<sessionId>[\da-f-]{36}))(?:\/(?<snapshot>[\da-f]{20})\/)?/u;

interface Parts {
  db: Database;
  git: Git;
  /** `<dataDir>/repositories` */
  folder: string;
}

interface OurRef {
  ref: string;
  sessionId: string;
  /** Where all refs of the session are. */
  place: string;
  /** The beginning of its work tree; absent for what the session began with. */
  snapshot: string | undefined;
}

/**
 * Forgets what bare repositories still hold of sessions that are gone and, of those at rest since `before`, all
 * snapshots but the newest, as the ledger does. What nothing refers to any more goes when git packs the repository.
 */
export async function cleanSnapshots({ db, git, folder }: Parts, before: Date, dryRun: boolean) {
  let count = 0;
  let bytes = 0;
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.endsWith(".git")) continue;
    const dir = join(folder, name);
    const options = { cwd: dir, gitDir: dir, timeoutMs: TIMEOUT_MS };
    const listed = ["for-each-ref", `--count=${MAX_REFS}`, "--format=%(refname)", "refs/claude/"];
    const refs = (await git.run(listed, options)).stdout.toString().split("\n").flatMap(readRef);
    const gone = await findGone(db, { dir, refs, before });
    count += gone.length;
    if (dryRun || gone.length === 0) continue;
    const had = (await folderSize(dir)).bytes;
    const input = gone.map(({ ref }) => `delete ${ref}\n`).join("");
    await git.run(["update-ref", "--stdin"], { ...options, input });
    bytes += Math.max(0, had - (await folderSize(dir)).bytes);
  }
  return { count, bytes };
}

function readRef(ref: string): OurRef[] {
  const { place, sessionId, snapshot } = OURS.exec(ref)?.groups ?? {};
  return place === undefined || sessionId === undefined ? [] : [{ ref, sessionId, place, snapshot }];
}

async function findGone(
  db: Database,
  { dir, refs, before }: { dir: string; refs: readonly OurRef[]; before: Date },
): Promise<OurRef[]> {
  const kept = await findKeptSnapshots(db, [...new Set(refs.map(({ sessionId }) => sessionId))], before);
  const gone: OurRef[] = [];
  for (const one of refs) {
    const session = kept.get(one.sessionId);
    if (session ? isOutlived(one, session) : await isOld(dir, one, before)) gone.push(one);
  }
  return gone;
}

/** What a session began with is needed as long as it can come back. */
const isOutlived = (
  { snapshot }: OurRef,
  { isResting, newest }: { isResting: boolean; newest: string | null },
): boolean => isResting && snapshot !== undefined && newest?.startsWith(snapshot) !== true;

/** A ledger that does not know a session may be the wrong one, or an older copy: only what is old goes. */
async function isOld(dir: string, { place }: OurRef, before: Date): Promise<boolean> {
  const facts = (await stat(join(dir, place)).catch(() => undefined)) ?? (await stat(join(dir, "packed-refs")));
  return facts.mtime < before;
}
