import { createHmac } from "node:crypto";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { DeliveryPage } from "../../src/contract/delivery.ts";
import {
  CreatedSubscription,
  Subscription,
  SubscriptionList,
  SubscriptionSecret,
} from "../../src/contract/subscription.ts";
import { testApp, type TestApp } from "../support/app.ts";
import { startReceiver } from "../support/callback-receiver.ts";
import { startEventReceiver, type HeardEvent } from "../support/event-receiver.ts";

/** For what comes soon, on a machine that has much to do. */
const WAIT = { timeout: 20_000 };

let app: TestApp;
beforeAll(async () => {
  app = await testApp({ RUN_MAX_ATTEMPTS: "1" });
});
afterEach(() => app.db.deleteFrom("subscriptions").execute());
afterAll(() => app[Symbol.asyncDispose]());

const quick = `MOCK${JSON.stringify([{ text: "Ready." }])}`;
const post = (path: string, body?: object) =>
  app.fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
const subscribe = (body: object) => app.request(CreatedSubscription, "/api/subscriptions", { method: "POST", body });
const local = () => ({ projectType: "local", projectPath: app.folder });

function expectSigned({ headers, text }: HeardEvent, secret: string): void {
  const timestamp = String(headers["x-orchestrator-timestamp"]);
  const expected = createHmac("sha256", secret).update(`${timestamp}.${text}`).digest("hex");
  expect(headers["x-orchestrator-signature"]).toBe(`v1=${expected}`);
}

test("a URL hears of a session's life in order, each event signed with its own secret", async () => {
  await using receiver = await startEventReceiver();
  const types = ["session.created", "run.started", "run.finished", "session.archived"];
  const { id, secret } = await subscribe({ url: receiver.url, types });
  const { sessionId } = await app.start({ ...local(), initialPrompt: quick, metadata: { ticket: 7 } });
  await app.until(sessionId, ["completed"]);
  await app.request(Subscription.partial(), `/api/sessions/${sessionId}`, {
    method: "PATCH",
    body: { status: "archived" },
  });
  await expect.poll(() => receiver.types(), WAIT).toEqual(types);
  for (const heard of receiver.heard) {
    expectSigned(heard, secret);
    expect(heard.headers["x-orchestrator-event-id"]).toBe(heard.event.eventId);
    expect(heard.event).toMatchObject({ subscriptionId: id, session: { sessionId, metadata: { ticket: 7 } } });
  }
  const [created, started, finished, archived] = receiver.heard.map(({ event }) => event);
  expect(created).toMatchObject({ session: { status: "created" } });
  expect(started, "as it stood then, although the run has ended since").toMatchObject({
    session: { status: "running" },
    run: { number: 1, status: "running", answer: null, finishedAt: null },
  });
  expect(finished).toMatchObject({
    session: { status: "completed" },
    run: { status: "succeeded", reason: "success", answer: "Ready." },
    links: { run: `${app.url}/api/runs/${finished?.run?.runId}` },
  });
  expect(archived).toMatchObject({ session: { status: "archived" } });
  expect(receiver.faults).toEqual([]);
  const path = `/api/sessions/${sessionId}/deliveries`;
  await expect
    .poll(async () => (await app.request(DeliveryPage, path)).items, WAIT)
    .toMatchObject(types.map(() => ({ kind: "subscription", status: "delivered", address: id })));
});

test("type, project and status decide what a URL hears", async () => {
  await using receiver = await startEventReceiver();
  const url = receiver.url;
  const types = ["run.finished"];
  const ids = await Promise.all(
    [
      { name: "here", projects: [app.folder] },
      { name: "above", projects: ["/"], statuses: ["succeeded"] },
      { name: "elsewhere", projects: [`${app.folder}-other`, "owner/repo"] },
      { name: "failures", statuses: ["failed"] },
      { name: "archives", types: ["session.archived"] },
    ].map(async ({ name, ...filter }) => [name, (await subscribe({ url, types, ...filter })).id] as const),
  );
  const { sessionId } = await app.start({ ...local(), initialPrompt: quick });
  await app.until(sessionId, ["completed"]);
  const { items } = await app.request(DeliveryPage, `/api/sessions/${sessionId}/deliveries`);
  const names = items.map(({ address }) => ids.find(([, id]) => id === address)?.[0]);
  expect(new Set(names)).toEqual(new Set(["above", "here"]));
});

test("a subscription is kept, changed, tested and deleted; its secret is shown once, and anew when it is changed", async () => {
  await using receiver = await startEventReceiver();
  const { secret, ...created } = await subscribe({ url: receiver.url, types: ["run.finished"], name: "n8n" });
  expect(created).toMatchObject({ enabled: true, projects: [], statuses: [], failingSince: null });
  const path = `/api/subscriptions/${created.id}`;
  expect(await app.request(Subscription.strict(), path)).toEqual(created);
  const list = await app.fetch("/api/subscriptions");
  expect(await list.text()).not.toContain("whsec_");
  expect(await app.request(SubscriptionList, "/api/subscriptions")).toEqual({ items: [created] });

  const changed = await app.request(Subscription, path, { method: "PATCH", body: { statuses: ["failed"] } });
  expect(changed).toMatchObject({ statuses: ["failed"], types: ["run.finished"], name: "n8n" });
  expect((await post(`${path}/test`)).status).toBe(202);
  await expect.poll(() => receiver.types(), WAIT).toEqual(["subscription.test"]);
  const { secret: newer } = await app.request(SubscriptionSecret, `${path}/secret`, { method: "POST", body: {} });
  expect(newer).not.toBe(secret);
  await post(`${path}/test`);
  await expect.poll(() => receiver.heard.length, WAIT).toBe(2);
  const [first = expect.fail(), second = expect.fail()] = receiver.heard;
  expectSigned(first, secret);
  expectSigned(second, newer);
  await expect.poll(async () => (await app.request(Subscription, path)).lastDeliveredAt, WAIT).not.toBeNull();

  expect((await app.fetch(path, { method: "DELETE" })).status).toBe(204);
  for (const gone of [await app.fetch(path), await app.fetch(path, { method: "DELETE" }), await post(`${path}/test`)])
    expect(gone.status).toBe(404);
});

test("twenty receivers that hang hold up no callback", async () => {
  await using hanging = await startEventReceiver(() => undefined);
  await using receiver = await startReceiver();
  const body = { url: hanging.url, types: ["session.created"] };
  const made = await Promise.all(Array.from({ length: 20 }, () => subscribe(body)));
  await app.start({ ...local(), initialPrompt: quick, callbackUrl: receiver.url("/") });
  await expect.poll(() => receiver.received.length, WAIT).toBe(1);
  expect(hanging.heard.length).toBeGreaterThan(0);
  const waiting = await app.request(DeliveryPage, "/api/deliveries?kind=subscription&status=delivered");
  expect(waiting.items.filter(({ address }) => made.some(({ id }) => id === address))).toEqual([]);
});

test("an event that could not be sent outlives the server, and so does the secret it is signed with", async () => {
  const gone = await startEventReceiver();
  await gone[Symbol.asyncDispose]();
  const { id, secret } = await subscribe({ url: gone.url, types: ["session.created"] });
  const { sessionId } = await app.start(local());
  const path = `/api/subscriptions/${id}`;
  await expect.poll(async () => (await app.request(Subscription, path)).lastError, WAIT).toContain("ECONNREFUSED");
  await app.restart();
  await using receiver = await startEventReceiver(undefined, gone.port);
  await expect.poll(() => receiver.heard.length, WAIT).toBe(1);
  const [heard = expect.fail()] = receiver.heard;
  expect(heard.event).toMatchObject({ type: "session.created", session: { sessionId, status: "created" } });
  expectSigned(heard, secret);
});

test.each([
  [{ url: "http://example.com/", types: ["run.finished"] }, "body.url"],
  [{ url: "http://169.254.169.254/", types: ["run.finished"] }, "body.url"],
  [{ url: "http://127.0.0.1:1/", types: [] }, "body.types"],
  [{ url: "http://127.0.0.1:1/", types: ["run.exploded"] }, "body.types[0]"],
  [{ url: "http://127.0.0.1:1/", types: ["run.finished", "run.finished"] }, "body.types"],
  [{ url: "http://127.0.0.1:1/", types: ["run.finished"], statuses: ["done"] }, "body.statuses[0]"],
  [{ url: "http://127.0.0.1:1/", types: ["run.finished"], secret: "mine" }, "body.secret"],
])("%j is refused and names its field", async (body, field) => {
  const answer = await post("/api/subscriptions", body);
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ errors: [{ field }], message: expect.stringContaining(field) });
});
