import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { WorkspaceConfig } from "../../src/workspaces/workspace-config.ts";
import { git, makeRemote, makeRepository, writeFiles } from "../support/git.ts";
import { addSession, NEVER, openWorkspaceHouse, type WorkspaceHouse } from "../support/workspaces.ts";

const SESSION = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d";

let house: WorkspaceHouse;
let roots: string;
beforeAll(async () => {
  house = await openWorkspaceHouse();
  roots = join(house.root, "roots");
  await makeRepository(join(roots, "app"));
  await writeFiles(house.root, { "elsewhere/note.txt": "n\n", "data/runs/x": "x", "roots-beside/x": "x" });
  await symlink(join(house.root, "elsewhere"), join(roots, "way-out"));
});
afterAll(() => house[Symbol.asyncDispose]());

const local = (projectPath?: string, change: Partial<WorkspaceConfig> = {}) =>
  house.openService(change).plan({ sessionId: SESSION, projectType: "local", projectPath });
const refusal = (rule: RegExp, field = "projectPath") =>
  expect.objectContaining({
    code: "invalid",
    message: expect.stringMatching(rule),
    errors: [expect.objectContaining({ field })],
  });

test("folder and branch carry the beginning of the session's id, more of it when that is taken", async () => {
  const remote = await makeRemote(join(house.root, "repo.git"));
  const planned = () => house.service.plan({ sessionId: SESSION, projectType: "github", githubRepo: remote });
  expect(await planned()).toEqual({
    kind: "github",
    path: join(house.config.base, "repo-0a1b2c3d"),
    repository: remote,
    branch: null,
    workBranch: "claude/0a1b2c3d",
  });
  await mkdir(join(house.config.base, "repo-0a1b2c3d"), { recursive: true, mode: 0o700 });
  expect(await planned()).toMatchObject({
    path: join(house.config.base, "repo-0a1b2c3d4e5f"),
    workBranch: "claude/0a1b2c3d4e5f",
  });
  await git(join(roots, "app"), "branch", "claude/0a1b2c3d");
  expect(
    await house.service.plan({ sessionId: SESSION, projectType: "worktree", projectPath: join(roots, "app") }),
  ).toEqual({
    kind: "worktree",
    path: join(house.config.base, "app-0a1b2c3d4e5f"),
    repository: join(roots, "app"),
    branch: null,
    workBranch: "claude/0a1b2c3d4e5f",
  });
});

const plan = (input: object) => house.service.plan({ sessionId: SESSION, projectType: "github", ...input });

test("what a kind needs has to be given", async () => {
  await expect(plan({})).rejects.toEqual(refusal(/required/, "githubRepo"));
  await expect(plan({ projectType: "local" })).rejects.toEqual(refusal(/required/));
  await expect(plan({ projectType: "worktree" })).rejects.toEqual(refusal(/required/));
  await expect(plan({ projectType: "local", projectPath: join(roots, "app"), branch: "main" })).rejects.toEqual(
    refusal(/cannot be chosen/, "branch"),
  );
});

test("on loopback any folder of the machine, but none of the system and none of ours", async () => {
  expect(await local(join(house.root, "elsewhere"))).toMatchObject({
    kind: "local",
    path: join(house.root, "elsewhere"),
  });
  expect(await local(join(roots, "way-out"))).toMatchObject({ path: join(house.root, "elsewhere") });
  await expect(local("/")).rejects.toEqual(refusal(/of the system/));
  await expect(local("/proc/self")).rejects.toEqual(refusal(/of the system/));
  await expect(local("/sys")).rejects.toEqual(refusal(/of the system/));
  await expect(local(join(house.root, "data"))).rejects.toEqual(refusal(/data directory/));
  await expect(local(join(house.root, "data/runs"))).rejects.toEqual(refusal(/data directory/));
});

test("a path has to be an absolute one of a folder that is there", async () => {
  await writeFile(join(house.root, "file"), "");
  await expect(local("relative/path")).rejects.toEqual(refusal(/absolute/));
  await expect(local(join(house.root, "nowhere"))).rejects.toEqual(refusal(/does not exist/));
  await expect(local(join(house.root, "file"))).rejects.toEqual(refusal(/must be a folder/));
  await expect(local(`${house.root}/a\nb`)).rejects.toEqual(refusal(/control characters/));
  await expect(local(`${house.root}/a\0b`)).rejects.toEqual(refusal(/control characters/));
});

test("with PROJECT_ROOTS only folders in them, whatever way a path takes out of them", async () => {
  const change = { projectRoots: [roots], loopback: false };
  expect(await local(join(roots, "app/src"), change)).toMatchObject({ path: join(roots, "app/src") });
  for (const path of ["way-out", "../elsewhere", "../roots-beside", "app/../../elsewhere", "way-out/."])
    await expect(local(`${roots}/${path}`, change)).rejects.toEqual(refusal(/PROJECT_ROOTS/));
  await expect(local(join(roots, "app"), { loopback: false })).rejects.toEqual(refusal(/names no PROJECT_ROOTS/));
});

test("a worktree needs a repository with a commit, all of it inside the roots", async () => {
  const worktree = (projectPath: string, change: Partial<WorkspaceConfig> = {}) =>
    house.openService(change).plan({ sessionId: SESSION, projectType: "worktree", projectPath });
  await expect(worktree(join(house.root, "elsewhere"))).rejects.toEqual(refusal(/must be a git repository/));
  await git(house.root, "init", "--quiet", join(house.root, "unborn"));
  await expect(worktree(join(house.root, "unborn"))).rejects.toEqual(refusal(/with a commit/));
  await expect(worktree(join(roots, "app/src"), { projectRoots: [join(roots, "app/src")] })).rejects.toEqual(
    refusal(/PROJECT_ROOTS/),
  );
});

test("a worktree can be made of a bare repository, and of another worktree", async () => {
  const bare = await makeRemote(join(house.root, "bare.git"));
  const linked = join(house.root, "linked");
  await git(bare, "worktree", "add", "--quiet", "-b", "linked", linked);
  for (const projectPath of [bare, linked]) {
    const { sessionId, path, workBranch } = await addSession(house, { projectType: "worktree", projectPath });
    await house.service.prepare(sessionId, NEVER);
    expect(await git(path, "status", "--porcelain", "--branch")).toBe(`## ${workBranch}\n`);
    expect((await house.service.diff(sessionId)).files).toEqual([]);
  }
});

test("a folder as repository follows the rules of folders", async () => {
  const remote = await makeRemote(join(house.root, "own.git"));
  const planOf = (githubRepo: string, change: Partial<WorkspaceConfig> = {}) =>
    house.openService(change).plan({ sessionId: SESSION, projectType: "github", githubRepo });
  expect(await planOf(`file://${remote}`)).toMatchObject({ repository: remote });
  await expect(planOf(remote, { projectRoots: [roots] })).rejects.toEqual(refusal(/PROJECT_ROOTS/, "githubRepo"));
  await expect(planOf(`file://${remote}`, { projectRoots: [roots] })).rejects.toEqual(
    refusal(/PROJECT_ROOTS/, "githubRepo"),
  );
  await expect(planOf(remote, { loopback: false })).rejects.toEqual(refusal(/folder of the server/, "githubRepo"));
  await expect(planOf(join(house.root, "none.git"))).rejects.toEqual(refusal(/does not exist/, "githubRepo"));
});
