import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { testDatabase, type TestDatabase } from "../support/database.ts";
import { startN8nStub } from "../support/n8n-stub.ts";
import { findDeliveryRows, finishRun, insertSession, startSending, untilAll } from "../support/outbox.ts";

/** For what comes soon, on a machine that has much to do. */
const WAIT = { timeout: 20_000 };

/*
 * What n8n answers, and what the sender is to make of it, row by row. The sender is the real one, over real HTTP; that
 * a real n8n answers so is what `npm run test:n8n` is for.
 */
let database: TestDatabase;
let sender: AsyncDisposable;
beforeAll(async () => {
  database = await testDatabase();
  sender = await startSending(database);
});
afterEach(() => database.db.deleteFrom("deliveries").execute());
afterAll(async () => {
  await sender[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const tell = async (url: string) => finishRun(database.db, await insertSession(database.db), url);
const first = async () => (await findDeliveryRows(database.db))[0];

test("an execution that waits is resumed, once, by the query string as it was given", async () => {
  await using n8n = await startN8nStub();
  const url = n8n.execution("17", "waiting");
  await tell(url);
  expect(await untilAll(database.db, ["delivered"])).toMatchObject([
    { attempts: 1, lastStatus: 200, response: '{"message":"Workflow was started"}' },
  ]);
  expect(n8n.seen.map(({ url: path }) => path)).toEqual([url.slice(url.indexOf("/webhook"))]);
  expect(n8n.resumed.map((body) => JSON.parse(body) as object)).toMatchObject([
    { type: "run.finished", answer: "done" },
  ]);
});

test("a run that ends before the execution is at its Wait node is told until it is: else the result would be lost", async () => {
  await using n8n = await startN8nStub();
  await tell(n8n.execution("17", "running"));
  await expect.poll(() => n8n.statuses().slice(0, 3), WAIT).toEqual([409, 409, 409]);
  expect(await first()).toMatchObject({ givenUpAt: null, lastError: "The receiver answered 409" });
  n8n.move("17", "waiting");
  await untilAll(database.db, ["delivered"]);
  expect(n8n.resumed).toHaveLength(1);
});

test("an execution that was resumed is left alone: ours had its 200, and nothing is said again", async () => {
  await using n8n = await startN8nStub();
  const url = n8n.execution("17", "waiting");
  await tell(url);
  await untilAll(database.db, ["delivered"]);
  n8n.move("17", "finished");
  // A later one to the same address shows that the earlier is not repeated.
  await tell(url);
  await untilAll(database.db, ["delivered", "failed"]);
  expect(n8n.statuses()).toEqual([200, 409]);
});

test.each([
  { what: "has finished already", asked: "17", status: 409, error: /finished already/u },
  { what: "does not exist", asked: "18", status: 404, error: /answered 404/u },
])("an execution that $what is told nothing more", async ({ asked, status, error }) => {
  await using n8n = await startN8nStub();
  await tell(n8n.execution("17", "finished").replace("/17?", `/${asked}?`));
  const [row] = await untilAll(database.db, ["failed"]);
  expect(row).toMatchObject({ attempts: 1, lastStatus: status, lastError: expect.stringMatching(error) });
});

test("an n8n that stumbles is told again", async () => {
  await using n8n = await startN8nStub();
  await tell(n8n.execution("17", "stumbling"));
  await expect.poll(() => n8n.statuses().length, WAIT).toBeGreaterThan(1);
  n8n.move("17", "waiting");
  await untilAll(database.db, ["delivered"]);
  expect(new Set(n8n.statuses())).toEqual(new Set([500, 200]));
});

test.each([
  ["is wrong", (url: string) => url.replace("signature=a", "signature=b")],
  ["is missing", (url: string) => url.replace(/\?.*$/u, "")],
])("a signature that %s ends it at once", async (_, spoil) => {
  await using n8n = await startN8nStub();
  await tell(spoil(n8n.execution("17", "waiting")));
  const [row] = await untilAll(database.db, ["failed"]);
  expect(row).toMatchObject({ attempts: 1, lastStatus: 401, lastError: "The receiver answered 401" });
});

test("several for one execution go one at a time: at once, n8n would take one and fail the others", async () => {
  await using n8n = await startN8nStub();
  const url = n8n.execution("17", "waiting");
  await Promise.all(Array.from({ length: 4 }, () => tell(url)));
  await expect.poll(() => n8n.resumed.length, WAIT).toBe(1);
  n8n.move("17", "finished");
  await untilAll(database.db, ["delivered", "failed"]);
  expect(n8n.mostAtOnce()).toBe(1);
  expect(n8n.statuses()).not.toContain(500);
});

test("an n8n that is down, then starts, then works is told at last: no connection, a page of 404, 200", async () => {
  const gone = await startN8nStub();
  const { port } = gone;
  await gone[Symbol.asyncDispose]();
  await tell(gone.execution("17", "waiting"));
  await expect.poll(async () => (await first())?.lastError, WAIT).toContain("ECONNREFUSED");

  await using n8n = await startN8nStub({ port, booting: true });
  n8n.execution("17", "waiting");
  await expect.poll(() => n8n.statuses().length, WAIT).toBeGreaterThan(2);
  expect(new Set(n8n.statuses())).toEqual(new Set([404]));
  expect(await first()).toMatchObject({ givenUpAt: null, lastStatus: 404 });
  n8n.ready();
  await untilAll(database.db, ["delivered"]);
  expect(n8n.resumed).toHaveLength(1);
});
