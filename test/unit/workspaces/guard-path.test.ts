import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { guardPath, isInside } from "../../../src/workspaces/guard-path.ts";

let top: string;
let root: string;
beforeAll(async () => {
  top = await realpath(await mkdtemp(join(tmpdir(), "orchestrator-guard-")));
  root = join(top, "root");
  await mkdir(join(root, "folder"), { recursive: true });
  await mkdir(join(top, "root-beside"));
  await writeFile(join(root, "folder/file"), "");
  await writeFile(join(top, "outside"), "");
  await symlink(join(root, "folder"), join(root, "inner-link"));
  await symlink(top, join(root, "outer-link"));
  await symlink("../outside", join(root, "file-link"));
  await symlink(join(top, "nothing-yet"), join(root, "dangling"));
  await symlink("loop", join(root, "loop"));
  await symlink(root, join(top, "root-link"));
});
afterAll(() => rm(top, { recursive: true }));

test.each([
  ["folder/file", "folder/file"],
  ["folder/../folder/file", "folder/file"],
  ["", ""],
  ["new/deeply/nested", "new/deeply/nested"],
  ["inner-link/file", "folder/file"],
  ["inner-link/new", "folder/new"],
  ["..file", "..file"],
  ["outer-link/root/folder", "folder"],
])("%j stays inside", async (path, real) => {
  expect(await guardPath(root, path)).toBe(join(root, real));
});

test("an absolute path inside, and a root that is itself a link, are fine", async () => {
  expect(await guardPath(root, join(root, "folder"))).toBe(join(root, "folder"));
  expect(await guardPath(join(top, "root-link"), "folder/file")).toBe(join(root, "folder/file"));
  expect(await guardPath(join(top, "root-link"), join(top, "root-link/folder"))).toBe(join(root, "folder"));
});

test.each([
  "..",
  "../root-beside",
  "../root-beside/x",
  "folder/../../outside",
  "/etc/passwd",
  "outer-link",
  "outer-link/new",
  "file-link",
  "dangling",
  "dangling/x",
  "loop",
  "folder/file/below-a-file",
  "nul\0byte",
  "x".repeat(300),
])("%j is refused", async (path) => {
  await expect(guardPath(root, path)).rejects.toThrow(/leaves its folder/);
});

test("a name that begins like the root is not inside it", () => {
  expect(isInside("/a/b", "/a/bc")).toBe(false);
  expect(isInside("/a/b", "/a/b")).toBe(true);
  expect(isInside("/a/b", "/a/b/..c")).toBe(true);
  expect(isInside("/", "/a")).toBe(true);
});
