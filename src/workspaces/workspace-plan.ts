import { lstat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Database } from "../db/database.ts";
import { invalidField } from "../lib/errors.ts";
import { findCommit, findRepository, readHead } from "./git-repository.ts";
import type { Git } from "./git.ts";
import { checkMayWorkIn, checkProjectFolder } from "./project-folder.ts";
import { folderName, parseRepository } from "./repository-address.ts";
import type { PlanInput, WorkspaceConfig } from "./workspace-config.ts";
import { isPathTaken, type WorkspacePlan } from "./workspace-queries.ts";

interface Parts {
  db: Database;
  git: Git;
  config: WorkspaceConfig;
}

/** How much of the session's id names its folder and branch; more when that is taken. */
const ID_LENGTHS = [8, 12, 32];

const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

/** Checks what can be checked while the caller waits, and says where the session will work. Makes nothing. */
export async function planWorkspace(parts: Parts, input: PlanInput): Promise<WorkspacePlan> {
  switch (input.projectType) {
    case "github":
      return planGithub(parts, input);
    case "worktree":
      return planWorktree(parts, input);
    case "local":
      return planLocal(parts, input);
  }
}

async function planGithub(parts: Parts, { sessionId, githubRepo, branch }: PlanInput): Promise<WorkspacePlan> {
  if (githubRepo === undefined) throw invalidField("githubRepo", "is required for projectType github");
  const address = parseRepository(githubRepo, parts.config);
  // A folder of the server's is chosen like any other folder: only inside what callers may reach.
  const isOwnFolder = address.protocol === "file" && !address.url.startsWith("file:");
  const url = isOwnFolder ? await checkProjectFolder(address.url, parts.config, "githubRepo") : address.url;
  const place = await findPlace(parts, { sessionId, name: address.name });
  return { kind: "github", repository: url, branch: branch ?? null, ...place };
}

async function planWorktree(parts: Parts, { sessionId, projectPath, branch }: PlanInput): Promise<WorkspacePlan> {
  const folder = await checkProjectFolder(projectPath, parts.config);
  const repository = await findRepository(folder);
  if (!repository) throw invalidField("projectPath", "must be a git repository for projectType worktree");
  const top = repository.topLevel ?? repository.gitDir;
  await checkMayWorkIn(top, parts.config, "projectPath");
  const head = await readHead(parts.git, repository).catch(() => {
    throw invalidField("projectPath", "is a git repository that cannot be read");
  });
  if (branch === undefined && head.commit === null)
    throw invalidField("projectPath", "must be a git repository with a commit");
  if (branch !== undefined && !(await findCommit(parts.git, repository.commonDir, branch)))
    throw invalidField("branch", `does not exist in ${top}: ${branch}`);
  const isTaken = async (workBranch: string) =>
    (await findCommit(parts.git, repository.commonDir, workBranch)) !== undefined;
  const place = await findPlace(parts, { sessionId, name: folderName(basename(top)), isTaken });
  return { kind: "worktree", repository: top, branch: branch ?? null, ...place };
}

async function planLocal({ config }: Parts, { projectPath, branch }: PlanInput): Promise<WorkspacePlan> {
  if (branch !== undefined)
    throw invalidField(
      "branch",
      "cannot be chosen for projectType local: Claude works on what the folder has checked out",
    );
  return {
    kind: "local",
    path: await checkProjectFolder(projectPath, config),
    repository: null,
    branch: null,
    workBranch: null,
  };
}

interface Wish {
  sessionId: string;
  name: string;
  /** Whether a branch of this name is there already. */
  isTaken?: (workBranch: string) => Promise<boolean>;
}

/** A folder below the base and a branch that nobody has yet. */
async function findPlace(
  { db, config }: Parts,
  { sessionId, name, isTaken }: Wish,
): Promise<{ path: string; workBranch: string }> {
  const id = sessionId.replaceAll("-", "");
  for (const length of ID_LENGTHS) {
    const short = id.slice(0, length);
    const path = join(config.base, `${name}-${short}`);
    const workBranch = `claude/${short}`;
    if (!(await exists(path)) && !(await isPathTaken(db, path)) && !(await isTaken?.(workBranch)))
      return { path, workBranch };
  }
  throw new Error(`no free workspace folder for session ${sessionId}`);
}
