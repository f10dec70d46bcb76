import { join } from "node:path";
import type { Diff } from "../contract/diff.ts";
import type { Database } from "../db/database.ts";
import { AppError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import { archiveWorkspace } from "./archive-workspace.ts";
import { cleanSnapshots } from "./clean-snapshots.ts";
import { createGit } from "./git.ts";
import { prepareWorkspace, type Workspace } from "./prepare-workspace.ts";
import { ensurePrivateFolder, sweepRemoved } from "./private-folder.ts";
import { type Attachments, putAttachments } from "./put-attachments.ts";
import { type FileRead, readFileOf } from "./read-workspace-file.ts";
import { createRepositoryCache } from "./repository-cache.ts";
import { createRepositoryLocks } from "./repository-locks.ts";
import { createShared, createTurns } from "./turns.ts";
import type { PlanInput, WorkspaceConfig } from "./workspace-config.ts";
import { readDiff } from "./workspace-diff.ts";
import { planWorkspace } from "./workspace-plan.ts";
import {
  findProjectPath,
  findWorkspace,
  insertWorkspace,
  type WorkspacePlan,
  type WorkspaceRow,
} from "./workspace-queries.ts";
import { takeSnapshot } from "./workspace-snapshot.ts";

export type WorkspaceService = ReturnType<typeof createWorkspaceService>;

export function createWorkspaceService({ db, config, log }: { db: Database; config: WorkspaceConfig; log: Logger }) {
  const token =
    config.githubToken === undefined ? undefined : { baseUrl: config.githubBaseUrl, value: config.githubToken };
  const git = createGit({ environment: config.environment ?? {}, token });
  const locks = createRepositoryLocks(db);
  const folder = join(config.dataDir, "repositories");
  const cache = createRepositoryCache({ git, locks, folder, hasToken: token !== undefined, log });
  const parts = { db, git, locks, cache, folder, config, log, ensureBase };
  /** One thing at a time is done to a session's workspace. */
  const turns = createTurns();
  /** All who look at a session's diff at the same time look at one. */
  const shared = createShared<Diff>();
  let base: Promise<void> | undefined;

  async function makeBase(): Promise<void> {
    const path = await ensurePrivateFolder(config.base, "WORKSPACE_BASE");
    await ensurePrivateFolder(folder, "DATA_DIR");
    await sweepRemoved(path);
  }

  /** Makes our folders, private; refuses those another account could have planted. */
  function ensureBase(): Promise<void> {
    base ??= makeBase().catch((error: unknown) => {
      base = undefined;
      throw error;
    });
    return base;
  }

  async function find(sessionId: string): Promise<WorkspaceRow> {
    const row = await findWorkspace(db, sessionId);
    if (!row) throw new AppError("not_found", `Session ${sessionId} has no workspace`);
    return row;
  }

  /** A session that was only observed has no workspace of ours: to go on with it, Claude works where it worked. */
  async function findOrAdopt(sessionId: string): Promise<WorkspaceRow> {
    const row = await findWorkspace(db, sessionId);
    if (row) return row;
    const projectPath = (await findProjectPath(db, sessionId)) ?? undefined;
    await insertWorkspace(db, await planWorkspace(parts, { sessionId, projectType: "local", projectPath }), sessionId);
    return find(sessionId);
  }

  return {
    ensureBase,

    /** Checks what can be checked at once and says where the session will work; nothing is made yet. */
    plan: (input: PlanInput): Promise<WorkspacePlan> => planWorkspace(parts, input),

    /** Makes the workspace, or finds it made, or brings an archived one back. Begins cleanly over after a kill. */
    prepare: (sessionId: string, signal: AbortSignal): Promise<Workspace> =>
      turns.take(sessionId, async () => prepareWorkspace(parts, await findOrAdopt(sessionId), signal)),

    /** Puts files that people sent into the workspace, which is ready; what is there already stays. */
    putAttachments: (sessionId: string, messages: readonly Attachments[]): Promise<void> =>
      turns.take(sessionId, async () => putAttachments((await find(sessionId)).path, messages)),

    /** A file of the workspace, or why it is not given out. */
    readFile: async (sessionId: string, path: string, maxBytes: number): Promise<FileRead> =>
      readFileOf(await findWorkspace(db, sessionId), path, maxBytes),

    /** Keeps HEAD and everything uncommitted safe outside the workspace. Does nothing where there is no git. */
    snapshot: (sessionId: string, runId: string | null): Promise<void> =>
      turns.take(sessionId, async () => {
        const row = await find(sessionId);
        if (row.state === "ready") await takeSnapshot(parts, row, { runId, isWhole: false });
      }),

    /** What the session changed since it began; nothing in the workspace is touched. An archived one's is its snapshot's. */
    diff: (sessionId: string): Promise<Diff> =>
      shared.join(sessionId, async () => readDiff(parts, sessionId, await findWorkspace(db, sessionId))),

    /** Forgets snapshots on this disk that have passed their lifetime, or whose session is gone; or only counts them. */
    cleanSnapshots: (before: Date, dryRun: boolean) => cleanSnapshots(parts, before, dryRun),

    /** Snapshot, then removal; a folder of the user's own is never touched. Throws rather than lose something. */
    archive: (sessionId: string): Promise<void> =>
      turns.take(sessionId, async () => {
        const row = await findWorkspace(db, sessionId);
        if (row) await archiveWorkspace(parts, row);
      }),
  };
}
