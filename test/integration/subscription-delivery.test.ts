import { afterEach, beforeEach, expect, test } from "vitest";
import { createSubscriptionChannel } from "../../src/channels/callback/subscription-channel.ts";
import { createDeliveryService } from "../../src/deliveries/delivery-service.ts";
import { createOutboundUrls } from "../../src/deliveries/outbound-url.ts";
import { moveSession } from "../../src/sessions/session-queries.ts";
import { createSubscriptionService } from "../../src/subscriptions/subscription-service.ts";
import { tellSubscribers } from "../../src/subscriptions/tell-subscribers-queries.ts";
import { testDatabase, type TestDatabase } from "../support/database.ts";
import { startEventReceiver } from "../support/event-receiver.ts";
import { findDeliveryRows, finishRun, insertSession, SECRET, startSending, untilAll, wake } from "../support/outbox.ts";

/** For what comes soon, on a machine that has much to do. */
const WAIT = { timeout: 20_000 };

const DAY_MS = 24 * 3_600_000;

let database: TestDatabase;
let parts: AsyncDisposableStack;
beforeEach(async () => {
  database = await testDatabase();
  parts = new AsyncDisposableStack();
});
afterEach(async () => {
  await parts.disposeAsync();
  await database[Symbol.asyncDispose]();
});

/** Sends to subscriptions, by a clock that can be put forward. */
async function start() {
  const outboundUrls = createOutboundUrls({ prefixes: [] });
  const { get: findDelivery } = createDeliveryService(database);
  const subscriptions = createSubscriptionService({ ...database, outboundUrls, secret: SECRET, findDelivery });
  const clock = { aheadMs: 0 };
  const channel = createSubscriptionChannel({
    target: subscriptions.target,
    outboundUrls,
    version: "0",
    timeoutMs: 2_000,
  });
  parts.use(await startSending(database, { channels: [channel], clock: () => new Date(Date.now() + clock.aheadMs) }));
  const subscribe = (url: string, types: Parameters<typeof subscriptions.create>[0]["types"] = ["session.archived"]) =>
    subscriptions.create({ url, types, projects: [], statuses: [] });
  return { subscriptions, subscribe, clock };
}

/** Each event of a session tells the next number. */
async function tell(sessionId: string, runCount: number): Promise<void> {
  await database.db.transaction().execute(async (tx) => {
    await tx.updateTable("sessions").set({ runCount }).where("id", "=", sessionId).execute();
    await tellSubscribers(tx, { type: "session.archived", sessionId });
  });
}

test("events reach a subscription in order, one at a time, however often it fails; another one is not held up", async () => {
  let failures = 3;
  await using stuck = await startEventReceiver((res, { event }) => {
    const fails = event.session?.runCount === 1 && failures-- > 0;
    setTimeout(() => res.writeHead(fails ? 503 : 200).end(), 5);
  });
  await using free = await startEventReceiver();
  const { subscribe } = await start();
  await subscribe(stuck.url);
  await subscribe(free.url);
  const sessionId = await insertSession(database.db);
  for (const number of [1, 2, 3, 4]) await tell(sessionId, number);
  await untilAll(database.db, ["delivered"]);
  const numbers = ({ heard }: typeof stuck) => heard.map(({ event }) => event.session?.runCount);
  expect(numbers(stuck)).toEqual([1, 1, 1, 1, 2, 3, 4]);
  expect(numbers(free)).toEqual([1, 2, 3, 4]);
  const [first, again] = stuck.heard;
  expect(again?.text, "the same event, in each attempt alike").toBe(first?.text);
});

test("what is rolled back is not told", async () => {
  await using receiver = await startEventReceiver();
  const { subscribe } = await start();
  await subscribe(receiver.url);
  const sessionId = await insertSession(database.db);
  const { db } = database;
  const failed = db.transaction().execute(async (tx) => {
    await moveSession(tx, sessionId, { status: "archived" });
    throw new Error("rolled back");
  });
  await expect(failed).rejects.toThrow("rolled back");
  expect(await findDeliveryRows(db)).toEqual([]);
  await db.transaction().execute((tx) => moveSession(tx, sessionId, { status: "archived" }));
  await untilAll(db, ["delivered"]);
  expect(receiver.types()).toEqual(["session.archived"]);
});

test("waits that pass by themselves are not told, others are, with what is waited for", async () => {
  await using receiver = await startEventReceiver();
  const { subscribe } = await start();
  await subscribe(receiver.url, ["session.waiting"]);
  const { db } = database;
  const sessionId = await insertSession(db);
  const slot = { kind: "slot", text: "A slot", until: null } as const;
  const limit = { kind: "limit", text: "Usage limit", until: "2026-11-21T12:00:00.000Z" } as const;
  await moveSession(db, sessionId, { status: "queued", waitingFor: slot });
  await moveSession(db, sessionId, { status: "waiting", waitingFor: limit });
  await untilAll(db, ["delivered"]);
  expect(receiver.heard.map(({ event }) => event.session)).toMatchObject([{ status: "waiting", waitingFor: limit }]);
});

test("a delivery that is given up is told, but not one to a subscription", async () => {
  await using receiver = await startEventReceiver((res, { event }) =>
    res.writeHead(event.type === "delivery.failed" ? 200 : 404, { "content-type": "application/json" }).end("{}"),
  );
  const { subscribe } = await start();
  parts.use(await startSending(database));
  await subscribe(receiver.url, ["delivery.failed", "session.archived"]);
  const sessionId = await insertSession(database.db);
  const deliveryId = await finishRun(database.db, sessionId, "http://192.0.2.1/not-allowed");
  await tell(sessionId, 1);
  await untilAll(database.db, ["delivered", "failed"]);
  await expect.poll(() => receiver.types().toSorted(), WAIT).toEqual(["delivery.failed", "session.archived"]);
  expect(receiver.heard.find(({ event }) => event.delivery)?.event).toMatchObject({
    session: { sessionId },
    delivery: { deliveryId, kind: "callback", type: "run.finished", lastError: expect.stringContaining("The address") },
  });
});

test("a subscription that nobody answers for a day is disabled with the reason, and what waits is given up", async () => {
  let works = false;
  await using receiver = await startEventReceiver((res) => res.writeHead(works ? 200 : 503).end());
  const { subscriptions, subscribe, clock } = await start();
  const { id } = await subscribe(receiver.url);
  const sessionId = await insertSession(database.db);
  await tell(sessionId, 1);
  await tell(sessionId, 2);
  await expect.poll(async () => (await subscriptions.get(id)).lastError, WAIT).toBe("The receiver answered 503");
  await expect.poll(() => receiver.heard.length, WAIT).toBeGreaterThan(4);
  expect(await subscriptions.get(id)).toMatchObject({ enabled: true, failingSince: expect.any(String) });

  clock.aheadMs = DAY_MS + 1_000;
  await wake(database.db);
  const rows = await untilAll(database.db, ["failed"]);
  expect(rows.map(({ lastError }) => lastError)).toEqual([
    "Given up: The receiver answered 503",
    "The subscription was disabled before it was sent",
  ]);
  expect(await subscriptions.get(id)).toMatchObject({
    enabled: false,
    disabledReason: expect.stringMatching(/^Nothing got through since .*, in \d+ attempts\. The last one: .*503$/u),
  });
  await tell(sessionId, 3);
  expect(await findDeliveryRows(database.db), "nothing is queued for it any more").toHaveLength(2);

  works = true;
  await subscriptions.update(id, { enabled: true });
  await tell(sessionId, 4);
  await expect.poll(async () => (await subscriptions.get(id)).lastDeliveredAt, WAIT).not.toBeNull();
  expect(await subscriptions.get(id)).toMatchObject({ enabled: true, failingSince: null, lastError: null });
});

test("one that answers 410 is disabled at once; one that is switched off hears nothing but tests", async () => {
  await using gone = await startEventReceiver((res) => res.writeHead(410).end());
  await using other = await startEventReceiver();
  const { subscriptions, subscribe } = await start();
  const ids = [(await subscribe(gone.url)).id, (await subscribe(other.url)).id] as const;
  const off = await subscriptions.update(ids[1], { enabled: false });
  expect(off).toMatchObject({ enabled: false, disabledReason: "It was switched off." });
  const sessionId = await insertSession(database.db);
  await tell(sessionId, 1);
  await expect
    .poll(async () => (await subscriptions.get(ids[0])).disabledReason, WAIT)
    .toBe("The receiver answered 410: it is gone for good.");
  await subscriptions.test(ids[1]);
  await expect.poll(() => other.types(), WAIT).toEqual(["subscription.test"]);
  expect(gone.heard).toHaveLength(1);

  // What was being sent while it was switched off comes back to be sent again; here by hand.
  const [first] = await findDeliveryRows(database.db);
  await createDeliveryService(database).retry(first?.id ?? "");
  const [row] = await untilAll(database.db, ["failed", "delivered"]);
  expect(row).toMatchObject({ status: "failed", lastError: "Its receiver was deleted or switched off" });
  expect(gone.heard).toHaveLength(1);
});

test("a test does not wait behind what is stuck, and its failure counts for nothing", async () => {
  await using receiver = await startEventReceiver((res) => res.writeHead(404, { "content-type": "text/html" }).end());
  const { subscriptions, subscribe } = await start();
  const { id } = await subscribe(receiver.url);
  await subscriptions.test(id);
  await expect.poll(() => receiver.types().length, WAIT).toBeGreaterThan(1);
  expect(await subscriptions.get(id)).toMatchObject({ failingSince: null, lastError: null });
  await tell(await insertSession(database.db), 1);
  await expect.poll(() => receiver.types(), WAIT).toContain("session.archived");
  const before = receiver.types().filter((type) => type === "subscription.test").length;
  await subscriptions.test(id);
  await expect
    .poll(() => receiver.types().filter((type) => type === "subscription.test").length, WAIT)
    .toBeGreaterThan(before);
  await subscriptions.remove(id);
  await untilAll(database.db, ["failed"]);
});
