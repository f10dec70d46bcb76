import { readdir, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { git, makeRemote } from "../support/git.ts";
import { addSession, NEVER, openWorkspaceHouse, type WorkspaceHouse } from "../support/workspaces.ts";

const daysAgo = (days: number) => new Date(Date.now() - days * 24 * 60 * 60_000);
const MONTH = daysAgo(30);

let house: WorkspaceHouse;
let remote: string;
beforeAll(async () => {
  house = await openWorkspaceHouse();
  remote = await makeRemote(join(house.root, "app.git"));
});
afterAll(() => house[Symbol.asyncDispose]());

/** All refs of a session, in the cache of its repository and in the store of its snapshots. */
async function refsOf(sessionId: string): Promise<string[]> {
  const folder = join(house.config.dataDir, "repositories");
  const dirs = (await readdir(folder)).filter((name) => name.endsWith(".git")).map((name) => join(folder, name));
  const lists = await Promise.all(dirs.map((dir) => git(dir, "for-each-ref", "--format=%(refname)", "refs/claude/")));
  return lists.flatMap((list) => list.split("\n").filter((ref) => ref.includes(sessionId)));
}

/** A session with three snapshots, archived so many days ago. */
async function addArchived(days: number) {
  const { sessionId, path } = await addSession(house, { projectType: "github", githubRepo: remote });
  await house.service.prepare(sessionId, NEVER);
  for (const text of ["one", "two", "three"]) {
    await writeFile(join(path, "work.txt"), `${text}\n`);
    await house.service.snapshot(sessionId, null);
  }
  await house.service.archive(sessionId);
  await house.db
    .updateTable("sessions")
    .set({ status: "archived", updatedAt: daysAgo(days) })
    .where("id", "=", sessionId)
    .execute();
  return { sessionId, path };
}

/** Of the snapshots in the ledger, the ids as the refs have them; the newest first. */
const snapshotsOf = async (sessionId: string) =>
  (
    await house.db
      .selectFrom("workspaceSnapshots")
      .select("workTree")
      .where("sessionId", "=", sessionId)
      .orderBy("createdAt", "desc")
      .execute()
  ).map(({ workTree }) => workTree.slice(0, 20));

test("of a session at rest the newest snapshot stays on disk, and brings it back; of others all", async () => {
  const old = await addArchived(40);
  const young = await addArchived(20);
  const [newest, ...others] = await snapshotsOf(old.sessionId);
  expect(others).toHaveLength(2);
  const before = await refsOf(young.sessionId);

  const preview = await house.service.cleanSnapshots(MONTH, true);
  const listed = await refsOf(old.sessionId);
  expect(others.every((id) => listed.some((ref) => ref.includes(`/${id}/`)))).toBe(true);
  const freed = await house.service.cleanSnapshots(MONTH, false);
  expect(freed.count).toBe(preview.count);
  expect(freed.count).toBeGreaterThanOrEqual(2);
  expect(freed.bytes).toBeGreaterThan(0);
  const left = await refsOf(old.sessionId);
  expect(left.some((ref) => ref.includes(`/${newest}/`))).toBe(true);
  expect(left.filter((ref) => others.some((id) => ref.includes(id)))).toEqual([]);
  expect(await refsOf(young.sessionId)).toEqual(before);

  // Without the bundle only what is on disk can bring it back.
  await house.db
    .updateTable("workspaceSnapshots")
    .set({ bundle: null })
    .where("sessionId", "=", old.sessionId)
    .execute();
  await house.service.prepare(old.sessionId, NEVER);
  expect(await git(old.path, "status", "--porcelain")).toBe("?? work.txt\n");
});

test("of a session the ledger does not know nothing stays on disk, once it is old", async () => {
  const { sessionId } = await addArchived(40);
  await house.db.deleteFrom("sessions").where("id", "=", sessionId).execute();
  await house.service.cleanSnapshots(MONTH, false);
  expect((await refsOf(sessionId)).length, "the ledger may be the wrong one").toBeGreaterThan(2);
  const folder = join(house.config.dataDir, "repositories");
  for (const name of await readdir(folder))
    for (const place of [`refs/claude/${sessionId}`, `refs/claude/base/${sessionId}`])
      await utimes(join(folder, name, place), daysAgo(40), daysAgo(40)).catch(() => undefined);
  await house.service.cleanSnapshots(MONTH, false);
  expect(await refsOf(sessionId)).toEqual([]);
  await rm(house.config.base, { recursive: true });
});
