import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import {
  ask,
  type Editor,
  editor,
  orchestrationServer,
  type OrchestrationServer,
  setDesired,
  workspacePath,
} from "../support/orchestration.ts";

const KEY = "orchestration-test-key-1";
const QUICK = { reconnectionDelay: 50, reconnectionDelayMax: 100 };

let database: TestDatabase;
let one: OrchestrationServer;
let two: OrchestrationServer;

beforeAll(async () => {
  database = await testDatabase();
  one = await orchestrationServer(database.connectionString);
  two = await orchestrationServer(database.connectionString);
});
afterAll(async () => {
  await one?.[Symbol.asyncDispose]();
  await two?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

const table = async (id: string) =>
  database.db.selectFrom("orchestration").selectAll().where("workspaceId", "=", id).executeTakeFirstOrThrow();

/** What it heard of the totals after the first, which is what it was shown. */
const seqs = (it: Editor): number[] =>
  it
    .of("orchestration.global")
    .slice(1)
    .map(({ seq }) => seq as number);

test("200 writes at once over two processes reach every editor, each once and in order, and the last is the table's", async () => {
  const ids = Array.from({ length: 10 }, (_, index) => `burst ${index}`);
  for (const id of ids) await ask(one.url, workspacePath(id));
  const editors = ids.map((id, index) => editor([one, two][index % 2]?.url ?? "", id));
  for (const each of editors) await each.until("orchestration.workspace");
  await Promise.all(
    Array.from({ length: 200 }, (_, index) =>
      setDesired([one, two][index % 2]?.url ?? "", ids[index % 10] ?? "", Math.floor(index / 10)),
    ),
  );
  const { seq, desired } = await database.db.selectFrom("orchestrationTotals").selectAll().executeTakeFirstOrThrow();
  for (const [index, each] of editors.entries()) {
    await each.until("orchestration.global", (global) => global.seq === seq);
    const heard = seqs(each);
    expect(heard).toHaveLength(200);
    expect(heard).toEqual(heard.toSorted((a, b) => a - b));
    expect(new Set(heard).size).toBe(200);
    expect(each.of("orchestration.global").at(-1)).toMatchObject({ desired });
    expect(each.of("orchestration.workspace")).toHaveLength(21);
    const last = await table(ids[index] ?? "");
    expect(each.of("orchestration.workspace").at(-1)).toMatchObject({ desired: last.desired, version: last.version });
    each[Symbol.dispose]();
  }
});

test("after a restart between two writes an editor shows what is true, with no further write", async () => {
  let server = await orchestrationServer(database.connectionString);
  using it = editor(server.url, "restarted", QUICK);
  await setDesired(server.url, "restarted", 3);
  await it.until("orchestration.workspace", ({ desired }) => desired === 3);
  const { port } = server;
  await server[Symbol.asyncDispose]();
  await setDesired(one.url, "restarted", 7);
  server = await orchestrationServer(database.connectionString, { port });
  expect(await it.until("orchestration.workspace", ({ desired }) => desired === 7)).toMatchObject({ version: 2 });
  await server[Symbol.asyncDispose]();
});

test("with the listening connections killed nothing is lost and nothing comes twice", async () => {
  using it = editor(one.url, "deaf");
  await it.until("orchestration.global");
  for (let desired = 1; desired <= 10; desired++) {
    if (desired % 3 === 0)
      await sql`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = 'claude-orchestrator listener'`.execute(database.db);
    await setDesired(two.url, "deaf", desired);
  }
  await it.until("orchestration.workspace", ({ desired }) => desired === 10);
  expect(it.of("orchestration.workspace").map(({ desired }) => desired as number)).toEqual(
    Array.from({ length: 10 }, (_, index) => index + 1),
  );
});

test("a wrong key is one connect_error and silence, and the right one hears", async () => {
  await using guarded = await orchestrationServer(database.connectionString, { apiKeys: [KEY] });
  const errors: string[] = [];
  using wrong = editor(guarded.url, "guarded", { ...QUICK, auth: { token: "wrong" } });
  wrong.socket.on("connect_error", (error) => errors.push(error.message));
  using right = editor(guarded.url, "guarded", { auth: { token: KEY } });
  await right.until("subscribed");
  const put = await setDesired(guarded.url, "guarded", 1, { authorization: `Bearer ${KEY}` });
  expect(put.status).toBe(200);
  await right.until("orchestration.workspace", ({ desired }) => desired === 1);
  await expect.poll(() => errors).toEqual(["This API key is not known"]);
  expect(wrong.heard).toEqual([]);
  // Meanwhile it would have dialled again.
  const { seq } = await right.until("orchestration.workspace");
  for (let more = 0; more < 10; more++) {
    await setDesired(guarded.url, "guarded", more, { authorization: `Bearer ${KEY}` });
    await right.until("orchestration.workspace", (event) => event.seq === seq + 1 + more);
  }
  expect(errors).toHaveLength(1);
});

test("what an editor reports counts until it is over, and its end is told", async () => {
  using it = editor(two.url, "reporting");
  await it.until("subscribed");
  const path = `${workspacePath("reporting")}/running`;
  const { body } = await ask(one.url, path, { method: "PUT", body: { running: 2 } });
  expect(body.workspace).toMatchObject({ running: 2, desired: 0 });
  await it.until("orchestration.workspace", ({ running }) => running === 2);
  await sql`update orchestration set reported_until = now() where workspace_id = 'reporting'`.execute(database.db);
  await it.until("orchestration.workspace", ({ running }) => running === 0);
});

test("desired is let go a while after the last socket closed, and kept where there was none", async () => {
  const watching = editor(one.url, "watched");
  await watching.until("subscribed");
  await setDesired(one.url, "watched", 4);
  await setDesired(one.url, "unwatched", 4);
  watching[Symbol.dispose]();
  const again = editor(two.url, "watched");
  await again.until("orchestration.workspace", ({ desired }) => desired === 4);
  again[Symbol.dispose]();
  await expect.poll(async () => (await table("watched")).watchedUntil).not.toBeNull();
  using other = editor(two.url, "watching it from elsewhere");
  await other.until("orchestration.global");
  const before = (await ask(one.url, "/api/orchestration/global")).body.desired as number;
  await sql`update orchestration set watched_until = now() where workspace_id = 'watched'`.execute(database.db);
  await other.until("orchestration.global", ({ desired }) => desired === before - 4);
  expect((await table("watched")).desired).toBeNull();
  expect((await table("unwatched")).desired).toBe(4);
});

test("a workspace that nobody asks for goes, and everybody is told", async () => {
  await setDesired(one.url, "forgotten", 5);
  using it = editor(two.url, "looking on");
  const desired = (await ask(one.url, "/api/orchestration/global")).body.desired as number;
  await it.until("orchestration.global", (global) => global.desired === desired);
  await sql`update orchestration set touched_at = now() - interval '8 days' where workspace_id = 'forgotten'`.execute(
    database.db,
  );
  await it.until("orchestration.global", (global) => global.desired === desired - 5);
  const { body } = await ask(one.url, `${workspacePath("forgotten")}/history`);
  expect(body.items.map(({ kind }: { kind: string }) => kind)).toEqual(["expired", "desired"]);
});
