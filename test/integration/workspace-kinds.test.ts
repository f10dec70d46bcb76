import { readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commitAll, git, makeRemote, makeRepository, pushTo, writeFiles } from "../support/git.ts";
import { addSession, NEVER, openWorkspaceHouse, stateOf, type WorkspaceHouse } from "../support/workspaces.ts";

let house: WorkspaceHouse;
beforeAll(async () => {
  house = await openWorkspaceHouse();
});
afterAll(() => house[Symbol.asyncDispose]());

test("a github session works in a clone on a branch of its own, with the remote as origin", async () => {
  const remote = await makeRemote(join(house.root, "app.git"));
  const session = await addSession(house, { projectType: "github", githubRepo: remote });
  expect(session.path).toMatch(/\/workspaces\/app-[0-9a-f]{8}$/);

  const { path } = await house.service.prepare(session.sessionId, NEVER);

  expect(path).toBe(session.path);
  expect(await readFile(join(path, "src/main.js"), "utf8")).toBe("console.log('hello');\n");
  expect((await git(path, "branch", "--show-current")).trim()).toBe(session.workBranch);
  expect((await git(path, "remote", "get-url", "origin")).trim()).toBe(remote);
  expect(await git(path, "status", "--porcelain")).toBe("");
  expect((await stat(path)).mode & 0o777).toBe(0o700);
  expect(await stateOf(house, session.sessionId)).toEqual({
    state: "ready",
    error: null,
    baseCommit: (await git(remote, "rev-parse", "main")).trim(),
  });
  expect(await house.service.prepare(session.sessionId, NEVER)).toEqual({ path });
});

test("a clone begins at the named branch, or the named tag, as the remote has it now", async () => {
  const remote = await makeRemote(join(house.root, "branches.git"));
  const first = await addSession(house, { projectType: "github", githubRepo: remote });
  await house.service.prepare(first.sessionId, NEVER);
  const newer = await pushTo(remote, { "feature.txt": "new\n" }, "feature/one");
  await git(remote, "tag", "v1", "main");

  const onBranch = await addSession(house, { projectType: "github", githubRepo: remote, branch: "feature/one" });
  const onTag = await addSession(house, { projectType: "github", githubRepo: remote, branch: "v1" });
  await house.service.prepare(onBranch.sessionId, NEVER);
  await house.service.prepare(onTag.sessionId, NEVER);

  expect((await git(onBranch.path, "rev-parse", "HEAD")).trim()).toBe(newer);
  expect((await git(onTag.path, "rev-parse", "HEAD")).trim()).toBe((await git(remote, "rev-parse", "v1")).trim());
});

test("a branch the remote does not have is said plainly", async () => {
  const remote = await makeRemote(join(house.root, "no-branch.git"));
  const session = await addSession(house, { projectType: "github", githubRepo: remote, branch: "nowhere" });
  await expect(house.service.prepare(session.sessionId, NEVER)).rejects.toThrow(/has no branch or tag nowhere/);
  expect(await stateOf(house, session.sessionId)).toMatchObject({ state: "failed", error: /no branch or tag/ });
});

test("an empty remote repository can be worked in", async () => {
  const remote = join(house.root, "empty.git");
  await git(house.root, "init", "--quiet", "--bare", "--initial-branch=main", remote);
  const session = await addSession(house, { projectType: "github", githubRepo: remote });
  const { path } = await house.service.prepare(session.sessionId, NEVER);
  await writeFiles(path, { "first.txt": "1\n" });
  expect((await house.service.diff(session.sessionId)).files).toEqual([
    { path: "first.txt", previousPath: null, status: "added", added: 1, removed: 0 },
  ]);
  await commitAll(path, "First");
  expect((await git(path, "branch", "--show-current")).trim()).toBe(session.workBranch);
});

test("ten sessions on one repository are prepared at once, each in its own clone", async () => {
  const remote = await makeRemote(join(house.root, "ten.git"));
  const sessions = await Promise.all(
    Array.from({ length: 10 }, () => addSession(house, { projectType: "github", githubRepo: remote })),
  );
  await Promise.all(sessions.map(({ sessionId }) => house.service.prepare(sessionId, NEVER)));
  for (const { path, workBranch } of sessions) {
    expect(await git(path, "status", "--porcelain", "--branch")).toBe(`## ${workBranch}\n`);
    await writeFile(join(path, "README.md"), path);
  }
  expect(new Set(sessions.map(({ path }) => path)).size).toBe(10);
});

test("a worktree session works on a branch of its own in the user's repository, ten at once", async () => {
  const project = await makeRepository(join(house.root, "project"));
  const head = (await git(project, "rev-parse", "HEAD")).trim();
  const sessions = await Promise.all(
    Array.from({ length: 10 }, () => addSession(house, { projectType: "worktree", projectPath: project })),
  );
  await Promise.all(sessions.map(({ sessionId }) => house.service.prepare(sessionId, NEVER)));
  const branches = await git(project, "branch", "--format=%(refname:short)");
  for (const { sessionId, path, workBranch } of sessions) {
    expect(branches.split("\n")).toContain(workBranch);
    expect(await git(path, "status", "--porcelain", "--branch")).toBe(`## ${workBranch}\n`);
    expect(await stateOf(house, sessionId)).toMatchObject({ state: "ready", baseCommit: head });
  }
  expect(await git(project, "status", "--porcelain", "--branch")).toBe("## main\n");
});

test("a worktree begins at the named branch of the user's repository", async () => {
  const project = await makeRepository(join(house.root, "project-branch"));
  await git(project, "checkout", "--quiet", "-b", "topic");
  await writeFiles(project, { "topic.txt": "t\n" });
  const topic = await commitAll(project, "Topic");
  await git(project, "checkout", "--quiet", "main");
  const session = await addSession(house, {
    projectType: "worktree",
    projectPath: join(project, "src"),
    branch: "topic",
  });
  const { path } = await house.service.prepare(session.sessionId, NEVER);
  expect((await git(path, "rev-parse", "HEAD")).trim()).toBe(topic);
  await expect(
    house.service.plan({ sessionId: "x", projectType: "worktree", projectPath: project, branch: "none" }),
  ).rejects.toThrow(/branch does not exist/);
});

test("a local session works in the folder itself, and a folder that became a link is refused", async () => {
  const project = await makeRepository(join(house.root, "in-place"));
  const session = await addSession(house, { projectType: "local", projectPath: project });
  expect(session.workBranch).toBeNull();
  expect(await house.service.prepare(session.sessionId, NEVER)).toEqual({ path: project });
  expect((await git(project, "branch", "--show-current")).trim()).toBe("main");

  await rename(project, `${project}-moved`);
  await git(house.root, "init", "--quiet", join(house.root, "other"));
  const { symlink } = await import("node:fs/promises");
  await symlink(join(house.root, "other"), project);
  await expect(house.service.prepare(session.sessionId, NEVER)).rejects.toThrow(/has become a link/);
});

test("a session that was given up while its workspace was made can be prepared again", async () => {
  const remote = await makeRemote(join(house.root, "given-up.git"));
  const session = await addSession(house, { projectType: "github", githubRepo: remote });
  await expect(house.service.prepare(session.sessionId, AbortSignal.abort(new Error("stop")))).rejects.toThrow("stop");
  expect(await stateOf(house, session.sessionId)).toMatchObject({ state: "pending" });
  await house.service.prepare(session.sessionId, NEVER);
  expect(await stateOf(house, session.sessionId)).toMatchObject({ state: "ready" });
});
