import { lstat, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Attachments } from "../../src/workspaces/put-attachments.ts";
import { git, makeRemote, makeRepository } from "../support/git.ts";
import { addSession, NEVER, openWorkspaceHouse, type WorkspaceHouse } from "../support/workspaces.ts";

let house: WorkspaceHouse;
beforeAll(async () => {
  house = await openWorkspaceHouse();
});
afterAll(() => house[Symbol.asyncDispose]());

const bytes = (text: string) => () => Promise.resolve(Buffer.from(text));
const two = (folder = "1a2b3c4d"): Attachments => ({
  folder,
  files: [
    { name: "report.txt", read: bytes("a report") },
    { name: "data.csv", read: bytes("a;b\n") },
  ],
});
const modeOf = async (path: string) => (await lstat(path)).mode & 0o777;

async function prepared(kind: "github" | "worktree" | "local", name: string) {
  const place =
    kind === "github"
      ? { githubRepo: await makeRemote(join(house.root, `${name}.git`)) }
      : { projectPath: await makeRepository(join(house.root, name)) };
  const session = await addSession(house, { projectType: kind, ...place });
  await house.service.prepare(session.sessionId, NEVER);
  return session;
}

test.each(["github", "worktree", "local"] as const)(
  "files lie in a %s workspace, for this account alone, and no git sees them",
  async (kind) => {
    const { sessionId, path } = await prepared(kind, `project-${kind}`);
    await house.service.putAttachments(sessionId, [two()]);

    const folder = join(path, ".attachments/1a2b3c4d");
    expect((await readdir(folder)).toSorted()).toEqual([".gitignore", "data.csv", "report.txt"]);
    expect(await readFile(join(folder, "report.txt"), "utf8")).toBe("a report");
    expect([await modeOf(folder), await modeOf(join(folder, "report.txt"))]).toEqual([0o700, 0o600]);
    expect(await git(path, "status", "--porcelain", "--untracked-files=all")).toBe("");
    await git(path, "add", "--all");
    expect(await git(path, "diff", "--cached", "--name-only")).toBe("");
    expect((await house.service.diff(sessionId)).files).toEqual([]);
    await house.service.snapshot(sessionId, null);
    const snapshot = await house.db
      .selectFrom("workspaceSnapshots")
      .select("bundle")
      .where("sessionId", "=", sessionId)
      .executeTakeFirstOrThrow();
    expect(snapshot.bundle?.length, "a snapshot of nothing new is small").toBeLessThan(2_000);
  },
);

test("a user's repository is not changed for the files in a worktree of it", async () => {
  const user = join(house.root, "untouched");
  const before = async () => (await readdir(join(user, ".git"), { recursive: true })).toSorted();
  const { sessionId } = await prepared("worktree", "untouched");
  const names = await before();
  await house.service.putAttachments(sessionId, [two()]);
  expect(await before()).toEqual(names);
  expect(await git(user, "status", "--porcelain", "--ignored")).toBe("");
  expect(await readFile(join(user, ".git/info/exclude"), "utf8")).not.toContain("attachments");
});

test("a second time nothing changes, and what a kill left out is put there", async () => {
  const { sessionId, path } = await prepared("github", "twice");
  const folder = join(path, ".attachments/1a2b3c4d");
  await house.service.putAttachments(sessionId, [two()]);
  await writeFile(join(folder, "report.txt"), "Claude changed it");
  await rm(join(folder, "data.csv"));
  await writeFile(join(folder, ".part-of-one-that-was-killed"), "a;");
  let reads = 0;
  const counted = two().files.map(({ name, read }) => ({ name, read: () => ((reads += 1), read()) }));
  await house.service.putAttachments(sessionId, [{ folder: "1a2b3c4d", files: counted }, two("99999999")]);
  expect(await readFile(join(folder, "report.txt"), "utf8")).toBe("Claude changed it");
  expect(await readFile(join(folder, "data.csv"), "utf8")).toBe("a;b\n");
  expect(reads, "only what is missing is read").toBe(1);
  expect((await readdir(folder)).toSorted()).toEqual([".gitignore", "data.csv", "report.txt"]);
  expect((await readdir(join(path, ".attachments"))).toSorted()).toEqual(["1a2b3c4d", "99999999"]);
});

test("a file whose bytes are gone is left out", async () => {
  const { sessionId, path } = await prepared("github", "gone");
  const files = [{ name: "old.txt", read: () => Promise.resolve(null) }];
  await house.service.putAttachments(sessionId, [{ folder: "1a2b3c4d", files }]);
  expect(await readdir(join(path, ".attachments/1a2b3c4d"))).toEqual([".gitignore"]);
});

test.each([".attachments", ".attachments/1a2b3c4d", ".attachments/1a2b3c4d/report.txt"])(
  "where %s is a link, nothing is written to where it leads",
  async (link) => {
    const { sessionId, path } = await prepared("github", `link-${link.length}`);
    const outside = join(house.root, `outside-${link.length}`);
    await mkdir(join(outside, "1a2b3c4d"), { recursive: true });
    await mkdir(join(path, link, ".."), { recursive: true });
    await symlink(link.endsWith(".txt") ? join(outside, "new.txt") : outside, join(path, link));
    await expect(house.service.putAttachments(sessionId, [two()])).rejects.toThrow(
      /could not be put into the workspace: .*\.attachments/,
    );
    expect(await readdir(outside, { recursive: true })).toEqual(["1a2b3c4d"]);
  },
);

test("an archived workspace comes back without the files, and they are put there again", async () => {
  const { sessionId, path } = await prepared("github", "back");
  await house.service.putAttachments(sessionId, [two()]);
  await house.service.archive(sessionId);
  await house.service.prepare(sessionId, NEVER);
  await expect(lstat(join(path, ".attachments"))).rejects.toThrow(/ENOENT/);
  await house.service.putAttachments(sessionId, [two()]);
  expect(await readFile(join(path, ".attachments/1a2b3c4d/report.txt"), "utf8")).toBe("a report");
});
