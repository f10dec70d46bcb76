import type { ProjectType } from "../contract/session.ts";
import type { Environment } from "./git-environment.ts";

export interface WorkspaceConfig {
  /** Where clones and worktrees are made. */
  base: string;
  projectRoots: readonly string[];
  /** Ours alone: caches and snapshots live in `<dataDir>/repositories`. */
  dataDir: string;
  githubBaseUrl: string;
  githubToken?: string | undefined;
  /** Whether only this machine can reach us, and any folder of it may be worked in. */
  loopback: boolean;
  /** What git's environment is chosen from, by name. */
  environment?: Environment;
}

export interface PlanInput {
  sessionId: string;
  projectType: ProjectType;
  githubRepo?: string | undefined;
  projectPath?: string | undefined;
  branch?: string | undefined;
}
