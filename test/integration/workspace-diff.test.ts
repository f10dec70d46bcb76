import {
  chmod,
  type FileHandle,
  lstat,
  mkdir,
  open,
  readFile,
  rename,
  rm,
  symlink,
  unlink,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commitAll, git, makeRemote, makeRepository, writeFiles } from "../support/git.ts";
import { addSession, NEVER, openWorkspaceHouse, type WorkspaceHouse } from "../support/workspaces.ts";

let house: WorkspaceHouse;
beforeAll(async () => {
  house = await openWorkspaceHouse();
});
afterAll(() => house[Symbol.asyncDispose]());

async function localSession(folder: string): Promise<string> {
  const { sessionId } = await addSession(house, { projectType: "local", projectPath: folder });
  await house.service.prepare(sessionId, NEVER);
  return sessionId;
}

const BINARY = Buffer.from([0, 1, 2, 255, 0, 10]);
const LINES = `${Array.from({ length: 20 }, (_, line) => `line ${line}`).join("\n")}\n`;

test("every kind of change is told, and the agent's index and status stay as they are", async () => {
  const remote = await makeRemote(join(house.root, "changes.git"), {
    "kept.txt": "same\n",
    "edited.txt": "one\ntwo\n",
    "gone.txt": "bye\n",
    "old-name.txt": LINES,
    "script.sh": "#!/bin/sh\n",
    "staged.txt": "a\n",
    ".gitignore": "*.log\n",
  });
  const { sessionId, path } = await addSession(house, { projectType: "github", githubRepo: remote });
  await house.service.prepare(sessionId, NEVER);
  const weird = 'we"ird\n\tnäme ☃.txt';
  await writeFiles(path, { "committed.txt": "c\n" });
  await commitAll(path, "By the agent");
  await writeFiles(path, {
    "edited.txt": "one\n2\nthree\n",
    "staged.txt": "b\n",
    "debug.log": "noise\n",
    [weird]: "w\n",
  });
  await git(path, "add", "staged.txt");
  await writeFile(join(path, "staged.txt"), "c\n");
  await writeFile(join(path, "image.bin"), BINARY);
  await unlink(join(path, "gone.txt"));
  await rename(join(path, "old-name.txt"), join(path, "new-name.txt"));
  await chmod(join(path, "script.sh"), 0o755);
  await symlink("/etc/passwd", join(path, "link"));
  const before = {
    status: await git(path, "status", "--porcelain=v2", "-z"),
    index: await readFile(join(path, ".git/index")),
  };

  const diff = await house.service.diff(sessionId);

  const file = (name: string) => diff.files.find((one) => one.path === name);
  expect(diff.base).toBe((await git(remote, "rev-parse", "main")).trim());
  expect(diff.files).toHaveLength(9);
  expect(file("edited.txt")).toEqual({
    path: "edited.txt",
    previousPath: null,
    status: "modified",
    added: 2,
    removed: 1,
  });
  expect(file("committed.txt")).toMatchObject({ status: "added", added: 1 });
  expect(file("staged.txt")).toMatchObject({ status: "modified", added: 1, removed: 1 });
  expect(file("gone.txt")).toMatchObject({ status: "deleted", added: 0, removed: 1 });
  expect(file("new-name.txt")).toEqual({
    path: "new-name.txt",
    previousPath: "old-name.txt",
    status: "renamed",
    added: 0,
    removed: 0,
  });
  expect(file("script.sh")).toMatchObject({ status: "modified", added: 0, removed: 0 });
  expect(file("image.bin")).toMatchObject({ status: "added", added: null, removed: null });
  expect(file(weird)).toMatchObject({ status: "added", added: 1 });
  expect(file("link")).toMatchObject({ status: "added", added: 1 });
  expect(diff).toMatchObject({ added: 6, removed: 3, truncated: false });
  expect(diff.patch).toContain("+three\n");
  expect(diff.patch).toContain("rename to new-name.txt");
  expect(diff.patch).toContain("new mode 100755");
  expect(diff.patch).not.toContain("noise");
  expect(diff.patch).not.toContain("root:");
  expect(await readFile(join(path, ".git/index"))).toEqual(before.index);
  expect(await git(path, "status", "--porcelain=v2", "-z")).toBe(before.status);
});

test("a patch is cut at its cap, after a whole line, and the list of files stays whole", async () => {
  const project = await makeRepository(join(house.root, "large"));
  const sessionId = await localSession(project);
  await writeFile(join(project, "a-large.txt"), "ä".repeat(49).concat("\n").repeat(40_000));
  await writeFile(join(project, "z-small.txt"), "z\n");
  const diff = await house.service.diff(sessionId);
  expect(diff.truncated).toBe(true);
  expect(Buffer.byteLength(diff.patch)).toBeLessThanOrEqual(2 * 1024 * 1024);
  expect(diff.patch.endsWith("ä\n")).toBe(true);
  expect(diff.files.map(({ path, added }) => [path, added])).toEqual([
    ["a-large.txt", 40_000],
    ["z-small.txt", 1],
  ]);
});

test("a folder without git has an empty diff, one before its first commit shows its files", async () => {
  const plain = join(house.root, "plain");
  await writeFiles(plain, { "note.txt": "n\n" });
  const sessionId = await localSession(plain);
  await house.service.snapshot(sessionId, null);
  expect(await house.service.diff(sessionId)).toEqual({
    sessionId,
    base: null,
    files: [],
    added: 0,
    removed: 0,
    patch: "",
    truncated: false,
  });
  await git(plain, "init", "--quiet");
  expect(await house.service.diff(sessionId)).toMatchObject({ base: null, files: [{ path: "note.txt" }], added: 1 });
});

test("a folder inside a repository shows its own changes only, named from the folder", async () => {
  const project = await makeRepository(join(house.root, "mono"), { "a/one.txt": "1\n", "b/two.txt": "2\n" });
  const sessionId = await localSession(join(project, "a"));
  await writeFiles(project, { "a/one.txt": "changed\n", "b/two.txt": "changed\n", "a/new/file.txt": "n\n" });
  expect((await house.service.diff(sessionId)).files.map(({ path }) => path)).toEqual(["new/file.txt", "one.txt"]);
});

test("ignored files that are tracked all the same count, and flags that hide changes do not hide them", async () => {
  const project = await makeRepository(join(house.root, "hidden"), {
    ".gitignore": "*.log\n",
    "main.js": "1\n",
    "second.js": "1\n",
  });
  await writeFile(join(project, "forced.log"), "1\n");
  await git(project, "add", "--force", "forced.log");
  await commitAll(project, "Forced");
  const sessionId = await localSession(project);
  await git(project, "update-index", "--assume-unchanged", "main.js");
  await git(project, "update-index", "--skip-worktree", "second.js");
  await writeFiles(project, { "forced.log": "2\n", "main.js": "2\n", "second.js": "2\n", "other.log": "x\n" });
  expect(await git(project, "status", "--porcelain")).toBe(" M forced.log\n");
  const diff = await house.service.diff(sessionId);
  expect(diff.files.map(({ path }) => path)).toEqual(["forced.log", "main.js", "second.js"]);
});

test("a sparse checkout is not a mass deletion", async () => {
  const project = await makeRepository(join(house.root, "sparse"), {
    "in/a.txt": "1\n",
    "out/b.txt": "1\n",
    "out/c.txt": "1\n",
  });
  await git(project, "sparse-checkout", "set", "in");
  await expect(lstat(join(project, "out"))).rejects.toThrow("ENOENT");
  const sessionId = await localSession(project);
  await writeFiles(project, { "in/a.txt": "2\n", "out/new.txt": "n\n" });
  expect((await house.service.diff(sessionId)).files.map(({ path, status }) => [path, status])).toEqual([
    ["in/a.txt", "modified"],
    ["out/new.txt", "added"],
  ]);
});

test("line endings are compared as the repository's settings say", async () => {
  const project = await makeRepository(join(house.root, "crlf"), { "dos.txt": "one\ntwo\n" });
  const sessionId = await localSession(project);
  await git(project, "config", "core.autocrlf", "true");
  await writeFile(join(project, "dos.txt"), "one\r\ntwo\r\n");
  expect((await house.service.diff(sessionId)).files).toEqual([]);
});

test("a folder replaced by a link, a nested repository and a submodule do not disturb", async () => {
  const library = await makeRepository(join(house.root, "library"));
  const project = await makeRepository(join(house.root, "nested"), { "dir/a.txt": "1\n", "dir/b.txt": "1\n" });
  await git(project, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", library, "lib");
  await commitAll(project, "Submodule");
  const sessionId = await localSession(project);
  await rm(join(project, "dir"), { recursive: true });
  await symlink("/tmp", join(project, "dir"));
  await mkdir(join(project, "unborn"));
  await git(join(project, "unborn"), "init", "--quiet");
  await makeRepository(join(project, "inner"));
  await writeFiles(project, { "lib/README.md": "changed\n", "z.txt": "z\n" });
  const diff = await house.service.diff(sessionId);
  expect(diff.files.map(({ path, status }) => [path, status])).toEqual([
    ["dir", "added"],
    ["dir/a.txt", "deleted"],
    ["dir/b.txt", "deleted"],
    ["inner", "added"],
    ["z.txt", "added"],
  ]);
});

test("in the middle of a merge with conflicts there is a diff, and the merge goes on", async () => {
  const project = await makeRepository(join(house.root, "merge"), { "a.txt": "1\n" });
  await git(project, "checkout", "--quiet", "-b", "other");
  await writeFiles(project, { "a.txt": "other\n" });
  await commitAll(project, "Other");
  await git(project, "checkout", "--quiet", "main");
  const sessionId = await localSession(project);
  await writeFiles(project, { "a.txt": "main\n" });
  await commitAll(project, "Main");
  await git(project, "merge", "other").catch(() => undefined);
  const before = await git(project, "status", "--porcelain=v2");
  expect(before).toMatch(/^u UU/);
  expect((await house.service.diff(sessionId)).patch).toContain("+<<<<<<< HEAD\n+main\n");
  expect(await git(project, "status", "--porcelain=v2")).toBe(before);
});

test("untracked files of hundreds of megabytes are named, not read", async () => {
  const project = await makeRepository(join(house.root, "data set"));
  const sessionId = await localSession(project);
  const name = "sub/large [1] *.bin ";
  await mkdir(join(project, "sub"));
  await truncate(await open(join(project, name), "w"), 300 * 1024 * 1024);
  await writeFiles(project, { "sub/small.txt": "s\n" });
  const diff = await house.service.diff(sessionId);
  expect(diff.files).toEqual([
    { path: "sub/small.txt", previousPath: null, status: "added", added: 1, removed: 0 },
    { path: name, previousPath: null, status: "added", added: null, removed: null },
  ]);
  expect(diff.truncated).toBe(true);
});

async function truncate(file: FileHandle, bytes: number): Promise<void> {
  await file.truncate(bytes);
  await file.close();
}
