import { execFile } from "node:child_process";
import { link, mkdir, mkdtemp, realpath, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readFileOf, readWorkspaceFile } from "../../../src/workspaces/read-workspace-file.ts";

const CANARY = "the canary sings";
const MAX = 1024 * 1024;

let top: string;
let workspace: string;
beforeAll(async () => {
  top = await realpath(await mkdtemp(join(tmpdir(), "orchestrator-read-")));
  workspace = join(top, "work");
  await mkdir(join(workspace, "out"), { recursive: true });
  await mkdir(join(workspace, ".git"));
  await mkdir(join(top, "outside"));
  await writeFile(join(workspace, "out/report.txt"), "a report");
  await writeFile(join(workspace, ".git/config"), CANARY);
  for (const place of ["outside/secret", "secret"]) await writeFile(join(top, place), CANARY);
  await symlink("out/report.txt", join(workspace, "latest"));
  await symlink("../secret", join(workspace, "link-out"));
  await symlink(join(top, "outside"), join(workspace, "folder-out"));
  await symlink("/proc/self/environ", join(workspace, "environ"));
  await symlink("/proc/self", join(workspace, "proc"));
  await symlink("/dev/zero", join(workspace, "zero"));
  await symlink(".git", join(workspace, "git"));
  await symlink("nowhere", join(workspace, "dangling"));
  await symlink("circle", join(workspace, "circle"));
  await promisify(execFile)("mkfifo", [join(workspace, "pipe")]);
  for (const [name, size] of [
    ["huge", MAX + 1],
    ["full", MAX],
  ] as const) {
    await writeFile(join(workspace, name), "");
    await truncate(join(workspace, name), size);
  }
});
afterAll(() => rm(top, { recursive: true }));

test.each(["out/report.txt", "./out/../out/report.txt", "latest"])("%s is given out", async (path) => {
  expect(await readWorkspaceFile(workspace, path, MAX)).toEqual({ content: Buffer.from("a report") });
});

test("a file of exactly the limit is given out whole", async () => {
  const read = await readWorkspaceFile(workspace, "full", MAX);
  expect("content" in read && read.content.length).toBe(MAX);
});

test.each([
  ["../secret", /not inside/],
  ["out/../../secret", /not inside/],
  ["/etc/passwd", /relative/],
  ["/proc/self/environ", /relative/],
  ["link-out", /not inside/],
  ["folder-out/secret", /not inside/],
  ["environ", /not inside/],
  ["proc/environ", /not inside/],
  ["proc/cwd/package.json", /not inside/],
  ["zero", /not inside/],
  ["dangling", /not inside/],
  ["circle", /not inside/],
  ["out/report.txt/x", /not inside/],
  ["nul\0byte", /not inside/],
  ["x".repeat(300), /not inside/],
  [".git/config", /belongs to git/],
  [".GIT/config", /belongs to git/],
  ["git/config", /belongs to git/],
  ["pipe", /no regular file/],
  ["out", /is a folder/],
  [".", /is a folder/],
  ["", /is a folder/],
  ["huge", /larger than 1 MiB/],
  ["missing", /does not exist/],
  ["missing/deeper", /does not exist/],
])("%s is refused in words, and nothing of it is read", async (path, why) => {
  expect(await readWorkspaceFile(workspace, path, MAX)).toEqual({ why: expect.stringMatching(why) });
});

test("a device in the workspace is refused where this account may make one", async () => {
  const made = await promisify(execFile)("mknod", [join(workspace, "null"), "c", "1", "3"]).then(
    () => true,
    () => false,
  );
  const expected = made ? /no regular file|cannot be read/ : /does not exist/;
  expect(await readWorkspaceFile(workspace, "null", MAX)).toEqual({ why: expect.stringMatching(expected) });
});

test("the second name of a file stays what it is: a regular file inside", async () => {
  await link(join(workspace, "out/report.txt"), join(workspace, "second"));
  expect(await readWorkspaceFile(workspace, "second", MAX)).toEqual({ content: Buffer.from("a report") });
});

test("whoever swaps a file or a folder for a link while it is read gets nothing from outside", async () => {
  const racing = join(workspace, "racing");
  await mkdir(join(racing, "folder"), { recursive: true });
  await mkdir(join(racing, "spare"));
  for (const path of ["file", "folder/secret", "spare/secret"]) await writeFile(join(racing, path), "inside");
  await symlink(join(top, "secret"), join(racing, "bad-file"));
  await symlink(join(top, "outside"), join(racing, "bad-folder"));
  // Another process, so that the swap falls between any two system calls.
  const swap = `const { renameSync: mv } = require("node:fs"); const end = Date.now() + 4000;
    while (Date.now() < end) for (const [a, b] of [["file", "bad-file"], ["folder", "bad-folder"]])
      { mv(a, "t"); mv(b, a); mv(a, b); mv("t", a); }`;
  const swapping = promisify(execFile)(process.execPath, ["-e", swap], { cwd: racing });
  const ended = swapping.then(() => "ended" as const);
  const seen = new Set<string>();
  while ((await Promise.race([ended, Promise.resolve("on")])) === "on")
    for (const path of ["racing/file", "racing/folder/secret"]) {
      const read = await readWorkspaceFile(workspace, path, MAX);
      seen.add("why" in read ? "refused" : read.content.toString());
    }
  expect([...seen].toSorted()).toEqual(["inside", "refused"]);
}, 30_000);

test("an archived workspace and one on another machine are said to be so", async () => {
  const row = { kind: "github", path: join(top, "away") };
  expect(await readFileOf({ ...row, state: "archived" }, "a", MAX)).toEqual({ why: expect.stringMatching(/archived/) });
  expect(await readFileOf({ ...row, state: "ready" }, "a", MAX)).toEqual({ why: expect.stringMatching(/not on this/) });
  expect(await readFileOf(undefined, "a", MAX)).toEqual({ why: expect.stringMatching(/not on this machine/) });
  await rename(workspace, join(top, "moved"));
  await symlink(join(top, "outside"), workspace);
  const linked = { kind: "github", path: workspace, state: "ready" };
  expect(await readFileOf(linked, "secret", MAX)).toEqual({ why: expect.stringMatching(/not on this machine/) });
});
