import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, lstat, mkdir, readdir, realpath, symlink, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRepositoryLocks } from "../../src/workspaces/repository-locks.ts";
import { git, makeRemote, makeRepository, startGitHost, writeFiles } from "../support/git.ts";
import { addSession, NEVER, openWorkspaceHouse, stateOf, type WorkspaceHouse } from "../support/workspaces.ts";

let house: WorkspaceHouse;
beforeAll(async () => {
  house = await openWorkspaceHouse();
});
afterAll(() => house[Symbol.asyncDispose]());

const SOURCE = pathToFileURL(resolve(import.meta.dirname, "../../src")).href;
/** A program that prepares one workspace. */
const PREPARE = `
  import { createDatabase } from "${SOURCE}/db/database.ts";
  import { createLogger } from "${SOURCE}/lib/logger.ts";
  import { createWorkspaceService } from "${SOURCE}/workspaces/workspace-service.ts";
  const { connectionString, config, sessionId } = JSON.parse(process.argv[1]);
  const service = createWorkspaceService({ db: createDatabase(connectionString), config, log: createLogger("silent") });
  await service.prepare(sessionId, new AbortController().signal);
  process.exit();
`;

const exists = (path: string) =>
  lstat(path).then(
    () => true,
    () => false,
  );

test("killed in the middle at any point, it begins cleanly over", async () => {
  const remote = await makeRemote(join(house.root, "killed.git"));
  const { sessionId, path } = await addSession(house, { projectType: "github", githubRepo: remote });
  const making = path.replace(/([^/]+)$/, ".making-$1-12345678");
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

test("a server killed for real in the middle leaves nothing that disturbs the next", { timeout: 120_000 }, async () => {
  const hosted = join(house.root, "hosted");
  await makeRemote(
    join(hosted, "o/r.git"),
    Object.fromEntries(Array.from({ length: 400 }, (_, at) => [`f${at}.txt`, `${at}\n`])),
  );
  await using host = await startGitHost(hosted, { delayMs: 60 });
  const { sessionId, path } = await addSession(house, { projectType: "github", githubRepo: `${host.url}/o/r.git` });
  const mine = async () => (await readdir(house.config.base)).filter((name) => name.includes(basename(path)));
  for (const ms of [0, 100, 250, 500]) {
    const job = JSON.stringify({ connectionString: house.connectionString, config: house.config, sessionId });
    const child = spawn(process.execPath, ["--input-type=module", "--eval", PREPARE, job], { stdio: "ignore" });
    const ended = once(child, "exit");
    const before = new Set(await mine());
    while ((await mine()).every((name) => before.has(name))) await sleep(5);
    await sleep(ms);
    child.kill("SIGKILL");
    await ended;
  }
  await house.openService().prepare(sessionId, NEVER);
  expect(await git(path, "status", "--porcelain")).toBe("");
  expect((await readdir(path)).filter((name) => name.endsWith(".txt"))).toHaveLength(400);
  expect(await mine()).toEqual([basename(path)]);
});

test("two processes that share the database do not fetch one repository at the same time", async () => {
  const order: string[] = [];
  const work = (name: string) => async () => {
    order.push(`${name} begins`);
    await sleep(100);
    order.push(`${name} ends`);
  };
  const [one, other] = [createRepositoryLocks(house.db), createRepositoryLocks(house.db)];
  await Promise.all([one.hold("r", NEVER, work("a")), other.hold("r", NEVER, work("b"))]);
  expect(order.map((line) => line.split(" ")[1])).toEqual(["begins", "ends", "begins", "ends"]);
  const stop = new AbortController();
  const begun = Promise.withResolvers<undefined>();
  const end = Promise.withResolvers<undefined>();
  const held = one.hold("r", NEVER, () => {
    begun.resolve(undefined);
    return end.promise;
  });
  await begun.promise;
  const waiting = other.hold("r", stop.signal, () => Promise.resolve("worked")).catch((error: unknown) => error);
  await sleep(100);
  stop.abort(new Error("stopped"));
  expect(await waiting).toEqual(new Error("stopped"));
  end.resolve(undefined);
  await held;
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
  await expect(open("foreign")).rejects.toThrow(/another account owns it; set WORKSPACE_BASE to another folder/);
});
