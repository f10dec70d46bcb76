import { createHmac } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DeliveryPage } from "../../src/contract/delivery.ts";
import { EventPage } from "../../src/contract/event.ts";
import { Stopped } from "../../src/contract/run.ts";
import { testApp, type TestApp } from "../support/app.ts";
import { startReceiver } from "../support/callback-receiver.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp({ RUN_MAX_ATTEMPTS: "1" });
});
afterAll(() => app[Symbol.asyncDispose]());

const script = (...steps: object[]) => `MOCK${JSON.stringify(steps)}`;
const ofSession = (id: string) => app.request(DeliveryPage, `/api/sessions/${id}/deliveries`);
async function expectDelivered(id: string, count = 1): Promise<void> {
  const statuses = async () => (await ofSession(id)).items.map(({ status }) => status);
  await expect.poll(statuses, { timeout: 20_000 }).toEqual(Array.from({ length: count }, () => "delivered"));
}
const post = (path: string, body: object) =>
  app.fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

test("a session that is started with a callback URL calls it exactly once, signed, with Claude's answer", async () => {
  await using receiver = await startReceiver();
  const url = receiver.url("/webhook-waiting/7?signature=c0ffee");
  const initialPrompt = script({ text: "Here is the answer." });
  const metadata = { execution: "7" };
  const { sessionId } = await app.start({
    projectType: "local",
    projectPath: app.folder,
    initialPrompt,
    callbackUrl: url,
    metadata,
  });
  const done = await app.until(sessionId, ["completed", "failed"]);
  await expectDelivered(sessionId);
  await app.restart();
  await sleep(500);

  expect(receiver.received).toHaveLength(1);
  const [{ path, headers, text, body } = expect.fail()] = receiver.received;
  expect(path).toBe("/webhook-waiting/7?signature=c0ffee");
  const secretFile = join(app.environment["DATA_DIR"] ?? "", "callback-secret");
  const secret = (await readFile(secretFile, "utf8")).trim();
  expect((await stat(secretFile)).mode & 0o777).toBe(0o600);
  const signed = createHmac("sha256", secret)
    .update(`${String(headers["x-orchestrator-timestamp"])}.${text}`)
    .digest("hex");
  expect(headers["x-orchestrator-signature"]).toBe(`v1=${signed}`);
  const [run] = await app.runs(sessionId);
  expect(body).toMatchObject({
    type: "run.finished",
    sessionId,
    runId: run?.runId,
    status: "succeeded",
    reason: "success",
    answer: "Here is the answer.",
    costUsd: run?.costUsd,
    usage: run?.usage,
    turns: run?.turns,
    metadata,
  });
  expect(body.links.session).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:\\d+/api/sessions/${sessionId}$`, "u"));
  const { items } = await ofSession(sessionId);
  expect(items).toMatchObject([
    { kind: "callback", type: "run.finished", attempts: 1, address: receiver.url("/webhook-waiting/7?…") },
  ]);
  expect((await (await app.fetch(`/api/sessions/${sessionId}`)).json()) as object).toMatchObject({
    status: done.status,
  });
  const events = await app.request(EventPage, `/api/sessions/${sessionId}/events?after=0`);
  expect(events.items.filter(({ type }) => type === "delivery")).toMatchObject([
    { data: { status: "delivered", attempts: 1 } },
  ]);
  expect(JSON.stringify(events), "the feed holds no capability").not.toContain("c0ffee");
});

test("each message has its own callback, and one that failed says so and why", async () => {
  await using receiver = await startReceiver();
  const { sessionId } = await app.start({ projectType: "local", projectPath: app.folder });
  await app.say(sessionId, { content: script({ text: "one" }), callbackUrl: receiver.url("/one"), metadata: { n: 1 } });
  await app.say(sessionId, { content: script({ text: "two" }) });
  await app.say(sessionId, {
    content: script({ error: { status: 400, message: "no such thing" } }),
    callbackUrl: receiver.url("/three"),
  });
  await expect.poll(() => receiver.received.map(({ path }) => path), { timeout: 40_000 }).toEqual(["/one", "/three"]);
  await expectDelivered(sessionId, 2);
  const [one, three] = receiver.received.map(({ body }) => body);
  expect(one).toMatchObject({ status: "succeeded", answer: "one", metadata: { n: 1 } });
  expect(three).toMatchObject({ status: "failed", answer: null, error: expect.stringContaining("no such thing") });
});

test("a run that is dropped before it began is told too", async () => {
  await using receiver = await startReceiver();
  const initialPrompt = script({ bash: "sleep 20" }, { text: "never" });
  const { sessionId } = await app.start({
    projectType: "local",
    projectPath: app.folder,
    initialPrompt,
    callbackUrl: receiver.url("/first"),
  });
  await app.say(sessionId, { content: script({ text: "never" }), callbackUrl: receiver.url("/second") });
  await app.until(sessionId, ["running"]);
  await app.request(Stopped, `/api/sessions/${sessionId}/stop`, { method: "POST", body: {} });
  await expect
    .poll(() => receiver.received.map(({ path }) => path).toSorted(), { timeout: 20_000 })
    .toEqual(["/first", "/second"]);
  for (const { body } of receiver.received) expect(body).toMatchObject({ status: "cancelled", reason: "stopped" });
  expect(receiver.received.find(({ path }) => path === "/second")?.body.answer).toBeNull();
});

test.each([
  ["http://example.com/hook", "must be on this machine"],
  ["http://169.254.169.254/latest/meta-data", "link-local"],
  ["http://user:secret@127.0.0.1/", "user name"],
  ["ftp://127.0.0.1/", "http or https"],
])("a callback to %s is refused by name and by rule", async (callbackUrl, rule) => {
  const { sessionId } = await app.start({ projectType: "local", projectPath: app.folder });
  const before = await app.db.selectFrom("sessions").select("id").execute();
  for (const [path, body] of [
    ["/api/sessions", { projectType: "local", projectPath: app.folder, initialPrompt: "x" }],
    [`/api/sessions/${sessionId}/messages`, { content: "x" }],
  ] as const) {
    const response = await post(path, { ...body, callbackUrl });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      errors: [{ field: "body.callbackUrl", message: expect.stringContaining(rule) }],
    });
  }
  expect(await app.db.selectFrom("sessions").select("id").execute(), "nothing was begun").toHaveLength(before.length);
});

test("a callback URL without a run to tell of is refused", async () => {
  const callbackUrl = "http://127.0.0.1:1/";
  const response = await post("/api/sessions", { projectType: "local", projectPath: app.folder, callbackUrl });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ errors: [{ field: "body.callbackUrl" }] });
});

test("failed deliveries are listed over all sessions, and one of them is sent again by its address", async () => {
  let gone = true;
  await using receiver = await startReceiver((res) => res.writeHead(gone ? 410 : 200).end("gone"));
  const initialPrompt = script({ text: "told late" });
  const callbackUrl = receiver.url("/");
  const { sessionId } = await app.start({ projectType: "local", projectPath: app.folder, initialPrompt, callbackUrl });
  const list = async () => (await app.request(DeliveryPage, "/api/deliveries?status=failed")).items;
  await expect.poll(async () => (await list()).map((it) => it.sessionId), { timeout: 20_000 }).toEqual([sessionId]);
  const [failed] = await list();
  expect(failed).toMatchObject({ lastStatus: 410, lastError: "The receiver answered 410", response: "gone" });
  gone = false;
  const path = `/api/deliveries/${failed?.deliveryId}/retry`;
  expect((await app.fetch(path, { method: "POST" })).status).toBe(200);
  await expectDelivered(sessionId);
  expect(await list()).toEqual([]);
  expect((await app.fetch(path, { method: "POST" })).status).toBe(409);
});

test("a message for the run that is on has that run's end told to its own callback URL, and to a shared one once", async () => {
  await using receiver = await startReceiver();
  const begun = join(app.folder, "steer-begun");
  const steps = [{ write: { path: begun, content: "x" } }, { delayMs: 1_500, text: "The answer." }];
  const { sessionId } = await app.start({
    projectType: "local",
    projectPath: app.folder,
    initialPrompt: script(...steps),
    callbackUrl: receiver.url("/first"),
  });
  await expect.poll(() => readFile(begun, "utf8").catch(() => ""), { timeout: 20_000 }).toBe("x");
  const steered = await app.say(sessionId, { content: "more", steer: true, callbackUrl: receiver.url("/steered") });
  await app.say(sessionId, { content: "and more", steer: true, callbackUrl: receiver.url("/first") });
  expect(steered.status, "it went to the run that was on").toBe("running");
  await app.until(sessionId, ["completed", "failed"]);
  const runs = await app.runs(sessionId);
  // What Claude did not take in before its end became a run of its own, and tells that run's end.
  const told = await app.db
    .selectFrom("sessionMessages")
    .select(["runId", "callbackUrl"])
    .where("sessionId", "=", sessionId)
    .where("callbackUrl", "is not", null)
    .execute();
  const wanted = new Set(told.map(({ runId, callbackUrl }) => `${runId} ${new URL(callbackUrl ?? "").pathname}`));
  await expectDelivered(sessionId, wanted.size);
  expect(receiver.received.map(({ path, body }) => `${body.runId} ${path}`).toSorted()).toEqual([...wanted].toSorted());
  expect(runs.map(({ runId }) => runId)).toContain(steered.runId);
});
