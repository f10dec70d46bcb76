import type { Diff } from "../contract/diff.ts";
import type { ProjectType } from "../contract/session.ts";
import type { Database } from "../db/database.ts";
import { AppError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import type { WorkspacePlan } from "./workspace-queries.ts";

export interface WorkspaceConfig {
  /** Where clones and worktrees are made. */
  base: string;
  projectRoots: readonly string[];
  /** Ours alone: bare caches live in `<dataDir>/repositories`. */
  dataDir: string;
  githubBaseUrl: string;
  githubToken?: string | undefined;
  /** Whether only this machine can reach us, and any folder of it may be worked in. */
  loopback: boolean;
  /** What git's environment is chosen from, by name. */
  environment?: Readonly<Record<string, string | undefined>>;
}

export interface PlanInput {
  sessionId: string;
  projectType: ProjectType;
  githubRepo?: string | undefined;
  projectPath?: string | undefined;
  branch?: string | undefined;
}

export interface Workspace {
  path: string;
}

export interface WorkspaceService {
  /** Checks what can be checked at once and says where the session will work; nothing is made yet. */
  plan(input: PlanInput): Promise<WorkspacePlan>;
  /** Makes the workspace, or finds it made, or brings an archived one back. Begins cleanly over after a kill. */
  prepare(sessionId: string, signal: AbortSignal): Promise<Workspace>;
  /** Keeps HEAD and everything uncommitted safe outside the workspace. Does nothing where there is no git. */
  snapshot(sessionId: string, runId: string | null): Promise<void>;
  diff(sessionId: string): Promise<Diff>;
  /** Snapshot, then removal; a folder of the user's own is never touched. */
  archive(sessionId: string): Promise<void>;
  /** Makes our folders, private; refuses those another account could have planted. */
  ensureBase(): Promise<void>;
}

interface Parts {
  db: Database;
  config: WorkspaceConfig;
  log: Logger;
}

export function createWorkspaceService(_parts: Parts): WorkspaceService {
  const unavailable = () => Promise.reject(new AppError("unavailable", "Workspaces cannot be made yet"));
  return {
    plan: unavailable,
    prepare: unavailable,
    snapshot: unavailable,
    diff: unavailable,
    archive: unavailable,
    ensureBase: unavailable,
  };
}
