import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { writePausedAll, writeSetting } from "../../src/orchestration/setting-queries.ts";
import { beginAttempt } from "../../src/runs/attempt-queries.ts";
import { findDueSessions } from "../../src/runs/due-queries.ts";
import { upsertWorker } from "../../src/runs/worker-queries.ts";
import { testApp } from "../support/app.ts";
import { testDatabase, type TestDatabase } from "../support/database.ts";
import { setDesired } from "../support/orchestration.ts";
import { insertNextRun, insertQueuedRun } from "../support/queued-run.ts";

/** More than one sweep wakes. */
const MANY = 300;
const LIMITS = { ready: 200, held: 20 };
const FULL = "acme/full";
const WORKER = "one";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
  await upsertWorker(database.db, { id: WORKER, hostname: "here", pid: 1, version: "0", slots: 8 });
});
afterAll(() => database?.[Symbol.asyncDispose]());
beforeEach(async () => {
  await database.db.deleteFrom("sessions").execute();
  await database.db.deleteFrom("orchestration").execute();
  await writePausedAll(database.db, { paused: false, actor: "test" });
});

/** Sessions that said, when they were last looked at, that they wait for this. They have waited for a long time. */
async function holdBack(db: TestDatabase["db"], kind: "desired" | "workspace", workerId = WORKER): Promise<void> {
  await sql`
    with s as (
      insert into sessions (title, project_type, project_path, worker_id, metadata)
      select 't', 'local', '/tmp/crowd', ${workerId}, jsonb_build_object('workspaceId', ${FULL}::text)
      from generate_series(1, ${MANY}::int) returning id
    ), w as (
      insert into workspaces (session_id, kind, path) select id, 'local', '/tmp/crowd' from s
    ), m as (
      insert into session_messages (session_id, direction, content, source) select id, 'inbound', 'go', 'api' from s
      returning id, session_id
    )
    insert into runs (session_id, message_id, number, queued_at, waiting_for)
    select session_id, id, 1, now() - interval '1 hour',
      jsonb_build_object('kind', ${kind}::text, 'text', 'wait', 'until', null) from m`.execute(db);
}

const set = (change: { desired?: number; paused?: boolean }) =>
  writeSetting(database.db, { workspaceId: FULL, kind: "desired", actor: "test", change });

const due = async (): Promise<string[]> =>
  (await findDueSessions(database.db, WORKER, LIMITS)).map(({ sessionId }) => sessionId);

const begin = (run: Parameters<typeof beginAttempt>[1]) =>
  database.db.transaction().execute((tx) => beginAttempt(tx, run, { workerId: WORKER, runDir: "/tmp/none" }));

test.each([
  ["nothing is desired there", () => set({ desired: 0 })],
  ["it is paused", () => set({ desired: 5, paused: true })],
  ["everything is paused", () => writePausedAll(database.db, { paused: true, actor: "test" })],
])("300 sessions held back because %s stand before no other, and each is looked at by and by", async (_, hold) => {
  await hold();
  await holdBack(database.db, "desired");
  const free = await insertQueuedRun(database.db, { workerId: WORKER, workspaceId: "acme/free" });
  const on = await insertQueuedRun(database.db, { workerId: WORKER, workspaceId: FULL });
  await begin(on);
  const found = await due();
  expect(found).toEqual(expect.arrayContaining([free.sessionId, on.sessionId]));
  expect(found.length).toBeLessThanOrEqual(LIMITS.held + 2);
  const looked = new Set(found);
  await expect
    .poll(async () => (await due()).reduce((all, id) => all.add(id), looked).size, { interval: 0, timeout: 30_000 })
    .toBe(MANY + 2);
});

test("as many of a workspace are ready as it has room for, those that waited longest, and a second run waits with the first", async () => {
  await set({ desired: 3 });
  await holdBack(database.db, "desired");
  const longest = await insertQueuedRun(database.db, {
    workerId: WORKER,
    workspaceId: FULL,
    queuedAt: new Date(Date.now() - 7_200_000),
  });
  await sql`update runs set waiting_for = '{"kind": "desired"}' where id = ${longest.id}`.execute(database.db);
  await insertNextRun(database.db, longest.sessionId, { number: 2 });
  const on = await insertQueuedRun(database.db, { workerId: WORKER, workspaceId: FULL });
  await begin(on);
  const ready = await findDueSessions(database.db, WORKER, { ready: 200, held: 0 });
  expect(ready.length, "the one that is on, and two for whom there is room").toBe(3);
  expect(ready.map(({ sessionId }) => sessionId)).toContain(longest.sessionId);
  await set({ desired: 1 });
  expect(await findDueSessions(database.db, WORKER, { ready: 200, held: 0 })).toEqual([{ sessionId: on.sessionId }]);
});

test("of 300 sessions in one folder one is ready, and none while a run is on in it", async () => {
  await holdBack(database.db, "workspace");
  const free = await insertQueuedRun(database.db, { workerId: WORKER });
  const ready = async () => (await findDueSessions(database.db, WORKER, { ready: 200, held: 0 })).length;
  expect(await ready()).toBe(2);
  const on = await insertQueuedRun(database.db, { workerId: WORKER });
  const workspace = { sessionId: on.sessionId, kind: "local", path: "/tmp/crowd" };
  await database.db.insertInto("workspaces").values(workspace).execute();
  await begin(on);
  expect(await due()).toEqual(expect.arrayContaining([free.sessionId, on.sessionId]));
  expect(await ready()).toBe(2);
});

test("a server that starts on 300 sessions held back carries out the run nobody told it of", async () => {
  await using app = await testApp({ CLAUDE_ALLOWED_TOOLS: "Bash" });
  const projectPath = join(app.folder, "free");
  await mkdir(projectPath);
  await setDesired(app.url, FULL, 0);
  const { sessionId } = await app.start({ projectType: "local", projectPath });
  const { workerId } = await app.db.selectFrom("sessions").select("workerId").executeTakeFirstOrThrow();
  await holdBack(app.db, "desired", workerId);
  await insertNextRun(app.db, sessionId, { number: 1 });
  await app.restart();
  expect((await app.until(sessionId, ["completed"])).lastReason).toBe("success");
});
