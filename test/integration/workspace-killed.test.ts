import { execFileSync } from "node:child_process";
import { chmod, lstat, mkdir, readdir, realpath, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { git, makeRemote, makeRepository, writeFiles } from "../support/git.ts";
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

test("killed in the middle at any point, it begins cleanly over", async () => {
  const remote = await makeRemote(join(house.root, "killed.git"));
  const { sessionId, path } = await addSession(house, { projectType: "github", githubRepo: remote });
  const making = path.replace(/([^/]+)$/, ".making-$1");
  await house.service.ensureBase();
  await writeFiles(making, { "half/made.txt": "h\n" });
  await writeFiles(path, { "not/recorded.txt": "n\n" });
  await house.openService().prepare(sessionId, NEVER);
  expect(await git(path, "status", "--porcelain")).toBe("");
  expect(await exists(making)).toBe(false);

  const again = await addSession(house, { projectType: "github", githubRepo: remote });
  const cache = (await readdir(join(house.config.dataDir, "repositories"))).map((name) =>
    join(house.config.dataDir, "repositories", name),
  );
  for (const dir of cache)
    await writeFiles(dir, {
      "packed-refs.lock": "",
      "HEAD.lock": "",
      "refs/remotes/origin/main.lock": "",
      "config.lock": "",
    });
  await house.openService().prepare(again.sessionId, NEVER);
  expect(await stateOf(house, again.sessionId)).toMatchObject({ state: "ready" });
});

test("a worktree that was killed in the middle begins cleanly over", async () => {
  const project = await makeRepository(join(house.root, "killed-worktree"));
  const { sessionId, path, workBranch } = await addSession(house, { projectType: "worktree", projectPath: project });
  await house.service.ensureBase();
  await git(project, "worktree", "add", "--quiet", "--no-checkout", "-b", String(workBranch), path);
  await house.openService().prepare(sessionId, NEVER);
  expect(await git(path, "status", "--porcelain", "--branch")).toBe(`## ${workBranch}\n`);
  expect((await git(project, "worktree", "list")).trim().split("\n")).toHaveLength(2);
});

test("our folders are private, and refused when others could have planted them", async () => {
  const base = join(house.root, "bases");
  await mkdir(base);
  const open = (name: string) => house.openService({ base: join(base, name) }).ensureBase();
  await open("fresh/deep");
  expect((await lstat(join(base, "fresh/deep"))).mode & 0o777).toBe(0o700);
  await mkdir(join(base, "writable"));
  await chmod(join(base, "writable"), 0o777);
  await expect(open("writable")).rejects.toThrow(/other accounts may write/);
  await symlink(await realpath(join(base, "fresh")), join(base, "link"));
  await expect(open("link")).rejects.toThrow(/symbolic link/);
  await writeFile(join(base, "file"), "");
  await expect(open("file")).rejects.toThrow(/cannot be used/);
  if (process.getuid?.() !== 0) return;
  await mkdir(join(base, "foreign"), { mode: 0o700 });
  execFileSync("chown", ["nobody", join(base, "foreign")]);
  await expect(open("foreign")).rejects.toThrow(/another account owns it/);
});
