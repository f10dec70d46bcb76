import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openListener } from "../../src/db/notify.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { openInbox, receiveInto, type InboxEntry, type InboxHandler } from "../../src/messages/inbox-service.ts";
import { testDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let parts: AsyncDisposableStack;

beforeEach(async () => {
  parts = new AsyncDisposableStack();
  database = parts.use(await testDatabase());
});
afterEach(() => parts.disposeAsync());

/** An inbox as one process has it. */
async function openOne(handler: InboxHandler) {
  const log = createLogger("silent");
  const own = parts.use(new AsyncDisposableStack());
  const listener = own.use(await openListener(database.connectionString, log));
  const pace = { baseMs: 20, capMs: 50 };
  own.use(await openInbox({ db: database.db, listener, log, handlers: { door: handler }, pace }));
  return { receive: receiveInto(database.db), close: () => own.disposeAsync() };
}

const rows = () => database.db.selectFrom("inbox").selectAll().orderBy("position").execute();

const done = async () => {
  await expect
    .poll(async () => (await rows()).filter(({ status }) => ["received", "handling"].includes(status)), {
      timeout: 30_000,
    })
    .toEqual([]);
  return rows();
};

test("what is received five times is handled once, with what it said the first time", async () => {
  const handled: InboxEntry[] = [];
  const { receive } = await openOne(async (entry) => {
    handled.push(entry);
    return { is: "done" };
  });
  const entry = { door: "door", externalId: "event 1", threadKey: "t", payload: { text: "a\u0000b" } };
  const told = await Promise.all(Array.from({ length: 5 }, () => receive(entry)));
  expect(told.toSorted()).toEqual(["known", "known", "known", "known", "new"]);
  const [row] = await done();
  expect(await receive(entry)).toBe("known");
  expect(handled).toMatchObject([{ externalId: "event 1", attempt: 1, payload: { text: "a\uFFFDb" } }]);
  expect(row).toMatchObject({ status: "done", payload: null, attempts: 1 });
});

test("entries of one thread are handled in order and never two at once, by two processes together", async () => {
  const order = new Map<string, string[]>();
  const busy = new Set<string>();
  const faults: string[] = [];
  const handler: InboxHandler = async ({ threadKey, externalId }) => {
    if (busy.has(threadKey)) faults.push(threadKey);
    busy.add(threadKey);
    await sleep(Math.random() * 10);
    busy.delete(threadKey);
    order.set(threadKey, [...(order.get(threadKey) ?? []), externalId]);
    return { is: "done" };
  };
  const [first, second] = [await openOne(handler), await openOne(handler)];
  const names = Array.from({ length: 40 }, (_, n) => ({ externalId: `${n}`, threadKey: `thread ${n % 4}` }));
  for (const [n, name] of names.entries()) await (n % 2 ? first : second).receive({ door: "door", ...name });
  await done();
  expect(faults).toEqual([]);
  for (const [threadKey, handled] of order)
    expect(handled).toEqual(names.filter((name) => name.threadKey === threadKey).map(({ externalId }) => externalId));
  expect(order.size).toBe(4);
});

test("what fails is tried again, and what fails for good is kept with the reason", async () => {
  const { receive } = await openOne(async ({ externalId, attempt }) => {
    if (externalId === "never" || attempt < 3) throw new Error(`no luck in attempt ${attempt}`);
    return { is: "done" };
  });
  await receive({ door: "door", externalId: "later", threadKey: "1" });
  await receive({ door: "door", externalId: "never", threadKey: "2", payload: { kept: true } });
  expect(await done()).toMatchObject([
    { status: "done", attempts: 3, reason: null },
    { status: "failed", attempts: 12, reason: "no luck in attempt 12", payload: { kept: true } },
  ]);
});

test("what a door refuses is kept with the reason and what it said", async () => {
  const { receive } = await openOne(async () => ({ is: "refused", reason: "The sender is not known" }));
  await receive({ door: "door", externalId: "1", threadKey: "1", payload: { from: "x" }, content: Buffer.from("raw") });
  expect(await done()).toMatchObject([
    { status: "refused", reason: "The sender is not known", payload: { from: "x" }, content: Buffer.from("raw") },
  ]);
});

test("a handler that is cut off by a stop is run again by the next process", async () => {
  const attempts: number[] = [];
  const stuck = await openOne(({ attempt }) => {
    attempts.push(attempt);
    return new Promise(() => {});
  });
  await stuck.receive({ door: "door", externalId: "1", threadKey: "1" });
  await expect.poll(() => attempts).toEqual([1]);
  await stuck.close();
  await openOne(async ({ attempt }) => {
    attempts.push(attempt);
    return { is: "done" };
  });
  expect(await done()).toMatchObject([{ status: "done" }]);
  expect(attempts).toEqual([1, 2]);
});
