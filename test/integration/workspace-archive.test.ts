import {
  chmod,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  unlink,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createGit } from "../../src/workspaces/git.ts";
import { tidyRepository } from "../../src/workspaces/tidy-repository.ts";
import { commitAll, git, makeRemote, makeRepository, writeFiles } from "../support/git.ts";
import { addSession, NEVER, openWorkspaceHouse, stateOf, type WorkspaceHouse } from "../support/workspaces.ts";

let house: WorkspaceHouse;
beforeAll(async () => {
  house = await openWorkspaceHouse();
});
afterAll(() => house[Symbol.asyncDispose]());

const exists = (path: string) =>
  lstat(path).then(
    () => true,
    () => false,
  );

/** A commit, staged, unstaged and untracked changes, a deletion, an executable, a link, a stash, a branch, a tag. */
async function workLikeAnAgent(path: string): Promise<void> {
  await writeFiles(path, { "stashed.txt": "s\n" });
  await git(path, "add", "stashed.txt");
  await git(path, "stash", "--quiet");
  await writeFiles(path, { "done.txt": "committed\n" });
  await commitAll(path, "By the agent");
  await git(path, "branch", "side", "HEAD~1");
  await git(path, "tag", "mark");
  await writeFiles(path, { "README.md": "staged\n", "new dir/ünt racked.txt": "u\n", "noise.log": "ignored\n" });
  await git(path, "add", "README.md");
  await writeFiles(path, { "README.md": "staged, then changed\n", "run.sh": "#!/bin/sh\n" });
  await chmod(join(path, "run.sh"), 0o755);
  await symlink("README.md", join(path, "link"));
  await unlink(join(path, "src/main.js"));
}

const observe = async (path: string) => ({
  status: await git(path, "status", "--porcelain=v1", "--branch", "-z"),
  head: await git(path, "rev-parse", "HEAD"),
  staged: await git(path, "show", ":README.md"),
  readme: await readFile(join(path, "README.md"), "utf8"),
  untracked: await readFile(join(path, "new dir/ünt racked.txt"), "utf8"),
  mode: (await stat(join(path, "run.sh"))).mode & 0o777,
  link: await readlink(join(path, "link")),
});
const observeRefs = (path: string) => git(path, "for-each-ref", "--format=%(refname) %(objectname)");

test("an archived clone comes back with its commits, branches, stash and everything uncommitted", async () => {
  const remote = await makeRemote(join(house.root, "app.git"));
  const { sessionId, path } = await addSession(house, { projectType: "github", githubRepo: remote });
  await house.service.prepare(sessionId, NEVER);
  await workLikeAnAgent(path);
  const before = { ...(await observe(path)), refs: await observeRefs(path) };
  const diff = await house.service.diff(sessionId);

  await house.service.archive(sessionId);
  expect(await exists(path)).toBe(false);
  expect(await stateOf(house, sessionId)).toMatchObject({ state: "archived" });
  expect(await house.service.diff(sessionId)).toEqual(diff);
  await rm(remote, { recursive: true });

  await house.service.prepare(sessionId, NEVER);
  expect({ ...(await observe(path)), refs: await observeRefs(path) }).toEqual(before);
  expect((await git(path, "stash", "show", "--name-only")).trim()).toBe("stashed.txt");
  expect((await git(path, "remote", "get-url", "origin")).trim()).toBe(remote);
  expect(await house.service.diff(sessionId)).toEqual(diff);
  expect(await exists(join(path, "noise.log"))).toBe(false);
});

test("with all of our caches lost, the bundle in the ledger is enough", async () => {
  const remote = await makeRemote(join(house.root, "lost.git"));
  const { sessionId, path } = await addSession(house, { projectType: "github", githubRepo: remote });
  await house.service.prepare(sessionId, NEVER);
  await workLikeAnAgent(path);
  const before = { ...(await observe(path)), refs: await observeRefs(path) };
  await house.service.archive(sessionId);

  await rm(join(house.config.dataDir, "repositories"), { recursive: true });
  const service = house.openService();
  expect((await service.diff(sessionId)).files.length).toBeGreaterThan(5);
  await service.prepare(sessionId, NEVER);
  expect({ ...(await observe(path)), refs: await observeRefs(path) }).toEqual(before);
});

test("an archived worktree leaves its branch and comes back with everything uncommitted", async () => {
  const project = await makeRepository(join(house.root, "project"));
  await writeFiles(project, { ".worktreeinclude": ".env\n", ".env": "SECRET=1\n" });
  const { sessionId, path, workBranch } = await addSession(house, { projectType: "worktree", projectPath: project });
  await house.service.prepare(sessionId, NEVER);
  await workLikeAnAgent(path);
  const before = await observe(path);
  const diff = await house.service.diff(sessionId);

  await house.service.archive(sessionId);
  expect(await exists(path)).toBe(false);
  expect(await git(project, "worktree", "list", "--porcelain")).not.toContain(path);
  expect(await git(project, "rev-parse", String(workBranch))).toBe(before.head);
  expect(await house.service.diff(sessionId)).toEqual(diff);

  await git(project, "branch", "--quiet", "-D", String(workBranch));
  await git(project, "reflog", "expire", "--expire=now", "--all");
  await git(project, "stash", "clear");
  await git(project, "tag", "-d", "mark");
  await git(project, "gc", "--quiet", "--prune=now");
  await house.service.prepare(sessionId, NEVER);
  expect(await observe(path)).toEqual(before);
  expect(await readFile(join(path, ".env"), "utf8")).toBe("SECRET=1\n");
  expect(await git(project, "fsck", "--no-dangling")).toBe("");
});

test("a branch the user moved while the session was archived stays the user's", async () => {
  const project = await makeRepository(join(house.root, "moved"));
  const { sessionId, path, workBranch } = await addSession(house, { projectType: "worktree", projectPath: project });
  await house.service.prepare(sessionId, NEVER);
  await workLikeAnAgent(path);
  const before = await observe(path);
  await house.service.archive(sessionId);
  await git(project, "checkout", "--quiet", String(workBranch));
  await writeFiles(project, { "users.txt": "u\n" });
  const users = await commitAll(project, "By the user");

  await house.service.prepare(sessionId, NEVER);
  expect((await git(project, "rev-parse", String(workBranch))).trim()).toBe(users);
  expect(await git(path, "rev-parse", "HEAD")).toBe(before.head);
  expect(await readFile(join(path, "README.md"), "utf8")).toBe(before.readme);
});

test("a local folder is never touched by archiving", async () => {
  const project = await makeRepository(join(house.root, "local"));
  const { sessionId } = await addSession(house, { projectType: "local", projectPath: project });
  await house.service.prepare(sessionId, NEVER);
  await workLikeAnAgent(project);
  const before = { ...(await observe(project)), refs: await observeRefs(project) };
  await house.service.archive(sessionId);
  expect({ ...(await observe(project)), refs: await observeRefs(project) }).toEqual(before);
  expect(await house.service.prepare(sessionId, NEVER)).toEqual({ path: project });
  expect({ ...(await observe(project)), refs: await observeRefs(project) }).toEqual(before);
});

test("what a snapshot cannot hold keeps the workspace from being removed", async () => {
  const remote = await makeRemote(join(house.root, "nested.git"));
  const { sessionId, path } = await addSession(house, { projectType: "github", githubRepo: remote });
  await house.service.prepare(sessionId, NEVER);
  await makeRepository(join(path, "vendor/inner"));
  await mkdir(join(path, "unborn"));
  await git(join(path, "unborn"), "init", "--quiet");
  await expect(house.service.archive(sessionId)).rejects.toThrow(/unborn\/, vendor\/inner/);
  await rm(join(path, "vendor"), { recursive: true });
  await rm(join(path, "unborn"), { recursive: true });
  await rm(join(path, ".git"), { recursive: true });
  await expect(house.service.archive(sessionId)).rejects.toThrow(/no git repository any more/);
  expect(await exists(join(path, "README.md"))).toBe(true);
  expect(await stateOf(house, sessionId)).toMatchObject({ state: "ready" });
});

test("a submodule nobody changed does not keep a workspace from being archived, one with work in it does", async () => {
  const library = await makeRepository(join(house.root, "library"));
  const source = await makeRepository(join(house.root, "with-submodule"));
  const allowed = ["-c", "protocol.file.allow=always", "submodule", "--quiet"];
  await git(source, ...allowed, "add", library, "lib");
  await commitAll(source, "Submodule");
  const remote = join(house.root, "with-submodule.git");
  await git(house.root, "clone", "--quiet", "--bare", source, remote);
  const { sessionId, path } = await addSession(house, { projectType: "github", githubRepo: remote });
  await house.service.prepare(sessionId, NEVER);
  await git(path, ...allowed, "update", "--init");
  await writeFiles(path, { "lib/unsaved.txt": "u\n" });
  await expect(house.service.archive(sessionId)).rejects.toThrow(/: lib\. Move/);
  await unlink(join(path, "lib/unsaved.txt"));
  await house.service.archive(sessionId);
  await house.service.prepare(sessionId, NEVER);
  expect(await git(path, "status", "--porcelain")).toBe("");
  await git(path, ...allowed, "update", "--init");
  expect(await exists(join(path, "lib/README.md"))).toBe(true);
});

test("snapshots leave the workspace as it is, the same one is kept once, and only the newest are kept", async () => {
  const remote = await makeRemote(join(house.root, "many.git"));
  const { sessionId, path } = await addSession(house, { projectType: "github", githubRepo: remote });
  await house.service.prepare(sessionId, NEVER);
  await workLikeAnAgent(path);
  const before = {
    ...(await observe(path)),
    refs: await observeRefs(path),
    index: await readFile(join(path, ".git/index")),
  };
  await house.service.snapshot(sessionId, null);
  await house.service.snapshot(sessionId, null);
  expect({ ...(await observe(path)), refs: await observeRefs(path) }).toEqual({ ...before, index: undefined });
  expect(await snapshots(sessionId)).toHaveLength(1);
  for (let turn = 0; turn < 7; turn++) {
    await writeFile(join(path, "turn.txt"), `${turn}\n`);
    await house.service.snapshot(sessionId, null);
  }
  const kept = await snapshots(sessionId);
  expect(kept).toHaveLength(5);
  expect(kept.every(({ bundle }) => bundle?.subarray(0, 20).toString().startsWith("# v2 git bundle"))).toBe(true);
  await house.service.archive(sessionId);
  await house.service.prepare(sessionId, NEVER);
  expect(await readFile(join(path, "turn.txt"), "utf8")).toBe("6\n");
});

test("work larger than a bundle in the ledger may be still survives archiving", async () => {
  const remote = await makeRemote(join(house.root, "large.git"));
  const { sessionId, path } = await addSession(house, { projectType: "github", githubRepo: remote });
  await house.service.prepare(sessionId, NEVER);
  const { randomBytes } = await import("node:crypto");
  const large = randomBytes(22 * 1024 * 1024);
  await writeFile(join(path, "large.bin"), large);
  await house.service.archive(sessionId);
  expect(await snapshots(sessionId)).toMatchObject([{ bundle: null }]);
  await house.service.prepare(sessionId, NEVER);
  expect((await readFile(join(path, "large.bin"))).equals(large)).toBe(true);
});

test("a workspace whose folder was cleaned away comes back from its last snapshot", async () => {
  const remote = await makeRemote(join(house.root, "cleaned.git"));
  const { sessionId, path } = await addSession(house, { projectType: "github", githubRepo: remote });
  await house.service.prepare(sessionId, NEVER);
  await writeFile(join(path, "kept.txt"), "k\n");
  await house.service.snapshot(sessionId, null);
  await rm(path, { recursive: true });
  await house.service.prepare(sessionId, NEVER);
  expect(await readFile(join(path, "kept.txt"), "utf8")).toBe("k\n");
});

test("caches in many pieces are packed anew, and nothing that a session needs goes", async () => {
  const remote = await makeRemote(join(house.root, "pieces.git"));
  const { sessionId, path } = await addSession(house, { projectType: "github", githubRepo: remote });
  await house.service.prepare(sessionId, NEVER);
  await workLikeAnAgent(path);
  const before = await observe(path);
  await house.service.archive(sessionId);
  await git(remote, "update-ref", "refs/heads/main", await rootlessCommit(remote));
  const other = await addSession(house, { projectType: "github", githubRepo: remote });
  await house.service.prepare(other.sessionId, NEVER);
  const folder = join(house.config.dataDir, "repositories");
  const runner = createGit({ environment: { PATH: process.env["PATH"] } });
  for (const name of await readdir(folder))
    expect(await tidyRepository(runner, join(folder, name), { maxPacks: -1, prune: "now" })).toBe(true);
  await house.service.prepare(sessionId, NEVER);
  expect(await observe(path)).toEqual(before);
  expect(await git(path, "fsck", "--no-dangling")).toBe("");
});

/** A commit that shares no history with what was there. */
const rootlessCommit = async (remote: string) =>
  (await git(remote, "commit-tree", "-m", "Rewritten", "main^{tree}")).trim();

const snapshots = (sessionId: string) =>
  house.db.selectFrom("workspaceSnapshots").selectAll().where("sessionId", "=", sessionId).execute();
