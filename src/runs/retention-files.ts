import { randomUUID } from "node:crypto";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Freed } from "../contract/retention.ts";
import type { Database } from "../db/database.ts";
import { folderSize } from "../lib/folder-size.ts";
import type { Logger } from "../lib/logger.ts";
import { lockSession, moveSession } from "../sessions/session-queries.ts";
import { LEASE_RENEWAL_MS, releaseLease, renewLeases, takeLease } from "./lease-queries.ts";
import { findRestingSessions, findRestingWorkspaces } from "./retention-queries.ts";
import { findLiveRunDirs } from "./worker-queries.ts";

/** Each is snapshotted first, which takes its time; the next day brings the next ones. */
const MAX_WORKSPACES = 100;
const MAX_FOLDERS = 2_000;
const AT_REST: readonly string[] = ["completed", "failed", "cancelled"];

export interface FileParts {
  db: Database;
  log: Logger;
  workerId: string;
  /** Where runs have their files, and sessions their own Claude folders. */
  dirs: { runs: string; claude: string };
  /** Keeps what is in a workspace safe, then removes it. Throws rather than lose something. */
  archiveWorkspace: (sessionId: string) => Promise<void>;
  /** Removes from the repositories on this disk what they hold of old snapshots; the bytes are those free at once. */
  cleanSnapshots: (before: Date, dryRun: boolean) => Promise<Omit<Freed, "what">>;
}

/** One step of cleaning this worker's disk: removes what is older than `before`, or only counts it. */
export type FileStep = (parts: FileParts, before: Date, dryRun: boolean) => Promise<Omit<Freed, "what">>;

export const fileSteps: readonly {
  what: "workspaces" | "transcripts" | "snapshotRefs" | "runFiles";
  clean: FileStep;
}[] = [
  { what: "transcripts", clean: removeClaudeFolders },
  { what: "snapshotRefs", clean: ({ cleanSnapshots }, before, dryRun) => cleanSnapshots(before, dryRun) },
  // After the others: archiving is an event, and with it the session's rest begins anew.
  { what: "workspaces", clean: archiveResting },
  { what: "runFiles", clean: removeRunFiles },
];

async function archiveResting(parts: FileParts, before: Date, dryRun: boolean) {
  let count = 0;
  let bytes = 0;
  for (const { sessionId, path } of await findRestingWorkspaces(parts.db, parts.workerId, before, MAX_WORKSPACES)) {
    const size = await folderSize(path);
    if (!dryRun && !(await archiveOne(parts, sessionId))) continue;
    count += 1;
    bytes += size.bytes;
  }
  return { count, bytes };
}

/**
 * Under the session's lease, so that no run can begin in a workspace that is being removed. False when a run was there
 * first, or the workspace holds what no snapshot keeps: then it stays, and a person is told by the log.
 */
async function archiveOne({ db, log, workerId, archiveWorkspace }: FileParts, sessionId: string): Promise<boolean> {
  const lease = await takeLease(db, { sessionId, workerId, processId: randomUUID() });
  if (!lease) return false;
  const done = new AbortController();
  const renewing = keepLease(db, lease.processId, done.signal);
  try {
    const session = await db.transaction().execute((tx) => lockSession(tx, sessionId));
    if (!session || !AT_REST.includes(session.status)) return false;
    await archiveWorkspace(sessionId);
    await db.transaction().execute(async (tx) => {
      const row = await lockSession(tx, sessionId);
      if (row && AT_REST.includes(row.status))
        await moveSession(tx, sessionId, { status: "archived", archivedAt: new Date() });
    });
    return true;
  } catch (error) {
    log.warn({ err: error, sessionId }, "the workspace of a session at rest could not be archived; it stays");
    return false;
  } finally {
    done.abort();
    await renewing;
    await releaseLease(db, lease);
  }
}

async function keepLease(db: Database, processId: string, signal: AbortSignal): Promise<void> {
  while (await sleep(LEASE_RENEWAL_MS, true, { signal }).catch(() => false))
    await renewLeases(db, processId).catch(() => undefined);
}

/** Claude's own folder of a session: after this its conversation cannot go on, only its messages are left. */
async function removeClaudeFolders({ db, dirs }: FileParts, before: Date, dryRun: boolean) {
  const names = (await readdir(dirs.claude).catch(() => [])).filter((name) => UUID.test(name));
  const resting = await findRestingSessions(db, names, before);
  return removeAll(
    resting.slice(0, MAX_FOLDERS).map((id) => join(dirs.claude, id)),
    dryRun,
  );
}

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** Files of runs that ended while nobody could tidy up; those of unfinished runs stay, however old. */
async function removeRunFiles({ db, dirs, workerId }: FileParts, before: Date, dryRun: boolean) {
  const names = await readdir(dirs.runs).catch(() => []);
  const live = await findLiveRunDirs(db, workerId);
  const dead: string[] = [];
  for (const path of names.map((name) => join(dirs.runs, name))) {
    const changed = (await stat(path).catch(() => undefined))?.mtime;
    if (changed && changed < before && !live.has(path.replace(/\.tmp$/, ""))) dead.push(path);
  }
  return removeAll(dead.slice(0, MAX_FOLDERS), dryRun);
}

async function removeAll(paths: readonly string[], dryRun: boolean) {
  let bytes = 0;
  for (const path of paths) {
    bytes += (await folderSize(path)).bytes;
    if (!dryRun) await rm(path, { recursive: true, force: true });
  }
  return { count: paths.length, bytes };
}
