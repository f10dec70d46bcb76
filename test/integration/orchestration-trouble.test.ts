import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import {
  ask,
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

/** As if the time after the last socket were over, for those of these workspaces for which it is running. */
const minutePasses = (ids: readonly string[]) =>
  database.db
    .updateTable("orchestration")
    .set({ watchedUntil: sql<Date>`now()` })
    .where("workspaceId", "in", ids)
    .where("watchedUntil", "is not", null)
    .execute();

test("desired is let go a while after the last socket closed, and kept where there was none, or where it was set since", async () => {
  const ids = ["watched", "unwatched", "wished for since"];
  const [watched = "", unwatched = "", since = ""] = ids;
  for (const id of ids) await setDesired(one.url, id, 4);
  for (const [id, server] of [
    [watched, one],
    [watched, two],
    [since, two],
  ] as const) {
    using it = editor(server.url, id);
    await it.until("orchestration.workspace", ({ desired }) => desired === 4);
    it.socket.emit("unsubscribe", { workspaceId: id });
    // Said when the ledger knows that nobody watches.
    await it.until("unsubscribed");
    expect((await table(id)).watchedUntil).not.toBeNull();
  }
  await setDesired(one.url, since, 6);
  expect((await table(since)).watchedUntil).toBeNull();
  using other = editor(two.url, "watching it from elsewhere");
  await other.until("orchestration.global");
  await minutePasses(ids);
  await expect.poll(async () => (await table(watched)).desired, { timeout: 30_000 }).toBeNull();
  const { seq: told } = await table(watched);
  await other.until("orchestration.global", ({ seq }) => seq === told);
  expect((await table(unwatched)).desired).toBe(4);
  expect((await table(since)).desired).toBe(6);
});

test("who subscribes twice on one socket watches once", async () => {
  const id = "twice";
  await setDesired(one.url, id, 2);
  using it = editor(one.url, id);
  await it.until("subscribed");
  it.socket.emit("subscribe", { workspaceId: id });
  await it.until("subscribed", () => true, 1);
  it.socket.emit("unsubscribe", { workspaceId: id });
  await it.until("unsubscribed");
  await minutePasses([id]);
  await expect.poll(async () => (await table(id)).desired, { timeout: 30_000 }).toBeNull();
});

test("two installations on one PostgreSQL hear nothing of each other", async () => {
  await using elsewhere = await testDatabase();
  await using other = await orchestrationServer(elsewhere.connectionString);
  using here = editor(one.url, "/home/a/same");
  using there = editor(other.url, "/home/a/same");
  for (const each of [here, there]) await each.until("subscribed");
  await setDesired(one.url, "/home/a/same", 17);
  await here.until("orchestration.workspace", ({ desired }) => desired === 17);
  await setDesired(other.url, "/home/a/same", 3);
  await there.until("orchestration.workspace", ({ desired }) => desired === 3);
  expect(there.of("orchestration.workspace").map(({ desired, seq }) => [desired, seq] as unknown)).toEqual([[3, 1]]);
});

test("a workspace that nobody asks for goes, and everybody is told", async () => {
  await setDesired(one.url, "forgotten", 5);
  using it = editor(two.url, "looking on");
  await it.until("orchestration.global");
  await sql`update orchestration set touched_at = now() - interval '8 days' where workspace_id = 'forgotten'`.execute(
    database.db,
  );
  const changes = async () =>
    (await ask(one.url, `${workspacePath("forgotten")}/history`)).body.items as { kind: string; seq: number }[];
  await expect.poll(async () => (await changes())[0]?.kind, { timeout: 30_000 }).toBe("expired");
  const [expired, desired, ...before] = await changes();
  expect([desired?.kind, before]).toEqual(["desired", []]);
  await it.until("orchestration.global", ({ seq }) => seq === expired?.seq);
});
