import { chmod, lstat, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commitAll, git, makeRemote, makeRepository, writeFiles } from "../support/git.ts";
import { addSession, NEVER, openWorkspaceHouse, type WorkspaceHouse } from "../support/workspaces.ts";

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

const HOOKS = [
  "post-checkout",
  "pre-commit",
  "reference-transaction",
  "post-index-change",
  "fsmonitor-watchman",
  "post-merge",
  "pre-auto-gc",
];

/** Everything in a repository that can make git start a program, each told to leave a mark. */
async function plant(gitDir: string, tree: string, marks: string): Promise<void> {
  await mkdir(marks, { recursive: true });
  const mark = (name: string) => join(marks, name);
  for (const hook of HOOKS) {
    await mkdir(join(gitDir, "hooks"), { recursive: true });
    await writeFile(join(gitDir, "hooks", hook), `#!/bin/sh\ntouch ${mark(hook)}\n`);
    await chmod(join(gitDir, "hooks", hook), 0o755);
  }
  const settings: Record<string, string> = {
    "core.fsmonitor": `touch ${mark("fsmonitor")}; false`,
    "core.hooksPath": join(gitDir, "hooks"),
    "core.sshCommand": `touch ${mark("ssh")}; false`,
    "core.pager": `touch ${mark("pager")}; cat`,
    "core.editor": `touch ${mark("editor")}; true`,
    "core.alternateRefsCommand": `touch ${mark("alternate-refs")}; true`,
    "diff.external": `touch ${mark("diff-external")}; true`,
    "diff.evil.textconv": `touch ${mark("textconv")}; cat`,
    "diff.evil.command": `touch ${mark("diff-command")}; true`,
    "filter.evil.clean": `touch ${mark("clean")}; cat`,
    "filter.evil.smudge": `touch ${mark("smudge")}; cat`,
    "filter.evil.required": "true",
    "filter.worse.process": `touch ${mark("process")}; false`,
    "merge.evil.driver": `touch ${mark("merge")}; true`,
    "gpg.program": mark("gpg"),
    "commit.gpgSign": "true",
    "log.showSignature": "true",
    "credential.helper": `!touch ${mark("credential")}; true`,
    "uploadpack.packObjectsHook": `touch ${mark("pack-objects")}; git pack-objects`,
    "alias.status": `!touch ${mark("alias")}`,
    "alias.ls-files": `!touch ${mark("alias")}`,
    "url.ext::sh -c 'touch /tmp/x'.insteadOf": house.root,
    "protocol.ext.allow": "always",
    "remote.evil.promisor": "true",
    "remote.evil.url": `ext::touch ${mark("promisor")}`,
    "remote.evil.partialclonefilter": "blob:none",
    "extensions.partialClone": "evil",
    "core.repositoryformatversion": "1",
  };
  const lines = Object.entries(settings).map(([key, value]) => {
    const [section = "", ...rest] = key.split(".");
    const name = rest.at(-1) ?? "";
    const sub = rest.slice(0, -1).join(".");
    return `[${section}${sub ? ` ${JSON.stringify(sub)}` : ""}]\n\t${name} = ${JSON.stringify(value)}\n`;
  });
  await writeFile(join(gitDir, "config"), (await readFile(join(gitDir, "config"), "utf8")) + lines.join(""));
  await writeFiles(tree, { ".gitattributes": "*.txt filter=evil diff=evil merge=evil\n*.js filter=worse\n" });
  await mkdir(join(gitDir, "info"), { recursive: true });
  await writeFile(join(gitDir, "info/attributes"), "*.md filter=evil diff=evil\n");
}

const marksIn = (folder: string) => readdir(folder);

test("nothing planted in a clone runs when we look at it, keep it, archive it and bring it back", async () => {
  const remote = await makeRemote(join(house.root, "clone.git"), { "a.txt": "1\n", "b.js": "1\n", "c.md": "1\n" });
  const { sessionId, path } = await addSession(house, { projectType: "github", githubRepo: remote });
  await house.service.prepare(sessionId, NEVER);
  const marks = join(house.root, "marks-clone");
  await writeFiles(path, { "a.txt": "2\n", "b.js": "2\n", "c.md": "2\n", "new.txt": "n\n" });
  await plant(join(path, ".git"), path, marks);
  expect((await house.service.diff(sessionId)).files.map((file) => file.path)).toEqual([
    ".gitattributes",
    "a.txt",
    "b.js",
    "c.md",
    "new.txt",
  ]);
  await house.service.snapshot(sessionId, null);
  await house.service.archive(sessionId);
  await house.service.diff(sessionId);
  await house.service.prepare(sessionId, NEVER);
  expect(await marksIn(marks)).toEqual([]);
  expect(await readFile(join(path, "a.txt"), "utf8")).toBe("2\n");
  expect(await readFile(join(path, ".git/config"), "utf8")).not.toMatch(/evil|fsmonitor/);
});

test("the traps are real: git as the agent runs it does step into them", async () => {
  const project = await makeRepository(join(house.root, "traps"), { "a.txt": "1\n" });
  const marks = join(house.root, "marks-traps");
  await plant(join(project, ".git"), project, marks);
  await writeFiles(project, { "a.txt": "2\n" });
  await git(project, "add", "--all").catch(() => undefined);
  await git(project, "diff", "HEAD").catch(() => undefined);
  expect(await marksIn(marks)).toEqual(expect.arrayContaining(["clean", "fsmonitor", "post-index-change"]));
});

test("nothing planted in the user's repository runs for worktrees made from it", async () => {
  const project = await makeRepository(join(house.root, "user"), { "a.txt": "1\n", "b.js": "1\n" });
  const marks = join(house.root, "marks-user");
  await writeFiles(project, { ".gitattributes": "*.txt filter=evil diff=evil\n*.js filter=worse\n" });
  await commitAll(project, "Attributes");
  await plant(join(project, ".git"), project, marks);
  await writeFiles(project, { ".worktreeinclude": "*.env\n", ".gitignore": "*.env\n", "x.env": "x\n" });
  const { sessionId, path } = await addSession(house, { projectType: "worktree", projectPath: project });
  await house.service.prepare(sessionId, NEVER);
  await writeFiles(path, { "a.txt": "2\n" });
  await house.service.diff(sessionId);
  await house.service.snapshot(sessionId, null);
  await house.service.archive(sessionId);
  await house.service.prepare(sessionId, NEVER);
  expect(await marksIn(marks)).toEqual([]);
  expect(await readFile(join(path, "a.txt"), "utf8")).toBe("2\n");
});

test("a nested repository's configuration is not obeyed either", async () => {
  const project = await makeRepository(join(house.root, "outer"));
  const inner = await makeRepository(join(project, "inner"), { "a.txt": "1\n" });
  await git(project, "add", "inner");
  await commitAll(project, "Nested");
  const { sessionId } = await addSession(house, { projectType: "local", projectPath: project });
  await house.service.prepare(sessionId, NEVER);
  const marks = join(house.root, "marks-inner");
  await plant(join(inner, ".git"), inner, marks);
  await writeFiles(inner, { "a.txt": "2\n" });
  await house.service.diff(sessionId);
  await house.service.snapshot(sessionId, null);
  expect(await marksIn(marks)).toEqual([]);
});

test("a clone whose .git was replaced by a pointer to another repository shows nothing of that one", async () => {
  const secret = await makeRepository(join(house.root, "secret"), { "secret.txt": "s\n" });
  const remote = await makeRemote(join(house.root, "pointer.git"));
  const { sessionId, path } = await addSession(house, { projectType: "github", githubRepo: remote });
  await house.service.prepare(sessionId, NEVER);
  await rm(join(path, ".git"), { recursive: true });
  await writeFile(join(path, ".git"), `gitdir: ${join(secret, ".git")}\n`);
  expect((await house.service.diff(sessionId)).files).toEqual([]);
  await rm(join(path, ".git"));
  await symlink(join(secret, ".git"), join(path, ".git"));
  expect((await house.service.diff(sessionId)).files).toEqual([]);
  await expect(house.service.archive(sessionId)).rejects.toThrow(/no git repository any more/);
});

test("removing a workspace removes its links and not what they lead to", async () => {
  const outside = join(house.root, "outside");
  await writeFiles(outside, { "kept.txt": "k\n" });
  const remote = await makeRemote(join(house.root, "links.git"));
  const { sessionId, path } = await addSession(house, { projectType: "github", githubRepo: remote });
  await house.service.prepare(sessionId, NEVER);
  await symlink(outside, join(path, "out"));
  await mkdir(join(path, "read only"));
  await writeFiles(path, { "read only/x": "x" });
  await chmod(join(path, "read only"), 0o500);
  await house.service.archive(sessionId);
  expect(await exists(path)).toBe(false);
  expect(await exists(join(outside, "kept.txt"))).toBe(true);
});

test(".worktreeinclude copies files git ignores, and nothing else, and nothing through links", async () => {
  const outside = join(house.root, "elsewhere");
  await writeFiles(outside, { "private.env": "private\n" });
  const project = await makeRepository(join(house.root, "include"), {
    ".gitignore": "*.env\nconf/local*\nlinked\nblocked/\n",
    "a.txt": "1\n",
  });
  await writeFiles(project, {
    ".worktreeinclude":
      "# comment\n*.env\n!skip.env\nconf/\n../elsewhere/private.env\n/linked\nuntracked.txt\nblocked/\n",
    ".env": "A=1\n",
    "deep/er/b.env": "B=1\n",
    "skip.env": "no\n",
    "conf/local.json": "{}\n",
    "conf/shared.json": "not ignored\n",
    "untracked.txt": "not ignored\n",
    "blocked/file": "b\n",
  });
  await chmod(join(project, ".env"), 0o600);
  await symlink(join(outside, "private.env"), join(project, "link.env"));
  await symlink(outside, join(project, "linked"));
  // In the branch that is checked out, the folder of the same name leads outside.
  await git(project, "checkout", "--quiet", "-b", "trap");
  await symlink(outside, join(project, "blocked-link"));
  await git(project, "add", "blocked-link");
  await git(project, "commit", "--quiet", "-m", "Trap");
  await git(project, "mv", "blocked-link", "tmp");
  await rm(join(project, "blocked"), { recursive: true });
  await git(project, "mv", "tmp", "blocked");
  await git(project, "commit", "--quiet", "-m", "Trap");
  await git(project, "checkout", "--quiet", "main");
  await writeFiles(project, { "blocked/file": "b\n" });

  const { sessionId, path } = await addSession(house, {
    projectType: "worktree",
    projectPath: project,
    branch: "trap",
  });
  await house.service.prepare(sessionId, NEVER);

  expect(await readFile(join(path, ".env"), "utf8")).toBe("A=1\n");
  expect((await lstat(join(path, ".env"))).mode & 0o777).toBe(0o600);
  expect(await readFile(join(path, "deep/er/b.env"), "utf8")).toBe("B=1\n");
  expect(await readFile(join(path, "conf/local.json"), "utf8")).toBe("{}\n");
  expect((await readdir(path)).toSorted()).toEqual([".env", ".git", ".gitignore", "a.txt", "blocked", "conf", "deep"]);
  expect(await readdir(join(path, "conf"))).toEqual(["local.json"]);
  expect(await exists(join(outside, "file"))).toBe(false);
});
