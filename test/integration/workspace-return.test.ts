import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { git, makeRemote, makeRepository } from "../support/git.ts";
import { addSession, NEVER, openWorkspaceHouse, type WorkspaceHouse } from "../support/workspaces.ts";

let house: WorkspaceHouse;
beforeAll(async () => {
  house = await openWorkspaceHouse();
});
afterAll(() => house[Symbol.asyncDispose]());

/** The session goes on on another machine: nothing of this one is there. Returns what brings this machine's disk back. */
async function leaveMachine(): Promise<() => Promise<void>> {
  const { base } = house.config;
  const away = join(house.root, "machine-a");
  await rename(base, away);
  await mkdir(base, { mode: 0o700 });
  return async () => {
    await rm(base, { recursive: true });
    await rename(away, base);
  };
}

test.each(["github", "worktree"] as const)(
  "a %s session that comes back to a machine finds what it did elsewhere, not the folder it left behind",
  async (projectType) => {
    const source = join(house.root, `source-${projectType}`);
    const { sessionId, path } =
      projectType === "github"
        ? await addSession(house, { projectType, githubRepo: await makeRemote(`${source}.git`) })
        : await addSession(house, { projectType, projectPath: await makeRepository(source) });
    const file = join(path, "work.txt");
    await house.service.prepare(sessionId, NEVER);
    await writeFile(file, "on A\n");
    await house.service.snapshot(sessionId, null);

    const comeBack = await leaveMachine();
    await house.openService().prepare(sessionId, NEVER);
    expect(await readFile(file, "utf8")).toBe("on A\n");
    await writeFile(file, "on A, then on B\n");
    await house.service.snapshot(sessionId, null);

    await comeBack();
    expect(await readFile(file, "utf8")).toBe("on A\n");
    await house.openService().prepare(sessionId, NEVER);
    expect(await readFile(file, "utf8")).toBe("on A, then on B\n");
    expect(await git(path, "status", "--porcelain")).toBe("?? work.txt\n");
  },
);

test("a folder that nobody left is used as it is, also what no snapshot has", async () => {
  const remote = await makeRemote(join(house.root, "stayed.git"));
  const { sessionId, path } = await addSession(house, { projectType: "github", githubRepo: remote });
  await house.service.prepare(sessionId, NEVER);
  await house.service.snapshot(sessionId, null);
  await writeFile(join(path, "unsaved.txt"), "since the snapshot\n");
  await house.openService().prepare(sessionId, NEVER);
  expect(await readFile(join(path, "unsaved.txt"), "utf8")).toBe("since the snapshot\n");
});
