import { afterAll, beforeAll, expect, test } from "vitest";
import { RunResult } from "../../src/contract/run-result.ts";
import { testApp, type TestApp } from "../support/app.ts";
import { startReceiver } from "../support/callback-receiver.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp({ RUN_MAX_ATTEMPTS: "1" });
});
afterAll(() => app[Symbol.asyncDispose]());

const script = (...steps: object[]) => `MOCK${JSON.stringify(steps)}`;
const quick = script({ text: "Ready." });
const slow = (seconds: number) => script({ bash: `sleep ${seconds}` }, { text: "At last." });
const local = () => ({ projectType: "local", projectPath: app.folder, allowedTools: ["Bash"] });

async function post(path: string, body: object, headers: Record<string, string> = {}) {
  const began = performance.now();
  const answer = await app.fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return {
    status: answer.status,
    location: answer.headers.get("location"),
    body: (await answer.json()) as Record<string, unknown>,
    seconds: (performance.now() - began) / 1000,
  };
}

test("a request that waits is answered with the result as soon as the run has ended", async () => {
  const started = await post("/api/sessions", { ...local(), initialPrompt: quick, wait: 60 });
  expect(started).toMatchObject({
    status: 201,
    body: { result: { status: "succeeded", answer: "Ready.", runId: started.body["runId"] } },
  });
  expect(started.seconds).toBeLessThan(30);
  const path = `/api/sessions/${String(started.body["sessionId"])}/messages`;
  expect(await post(path, { content: quick, wait: 60 })).toMatchObject({
    status: 201,
    body: { status: "queued", result: { status: "succeeded", answer: "Ready." } },
  });
});

test("when the run goes on longer, the answer is 202 with where to look, and one may wait on there", async () => {
  const started = await post("/api/sessions", { ...local(), initialPrompt: slow(4), wait: 1 });
  expect(started).toMatchObject({ status: 202, body: { result: null } });
  expect(started.location).toBe(`/api/sessions/${String(started.body["sessionId"])}`);
  const path = `/api/runs/${String(started.body["runId"])}/result`;
  const meanwhile = await app.fetch(path);
  expect(meanwhile.status).toBe(202);
  expect(RunResult.parse(await meanwhile.json())).toMatchObject({ answer: null, reason: null });
  const ended = await app.fetch(`${path}?wait=60`);
  expect(ended.status).toBe(200);
  expect(RunResult.parse(await ended.json())).toMatchObject({ status: "succeeded", answer: "At last." });
});

test("a request sent again while the first one waits makes no second session, and gets the result too", async () => {
  const body = { ...local(), initialPrompt: slow(1), wait: 60 };
  const headers = { "idempotency-key": "one-wish" };
  const [one, two] = await Promise.all([
    post("/api/sessions", body, headers),
    // Waiting is no part of what is asked for: it may differ.
    post("/api/sessions", { ...body, wait: 50 }, headers),
  ]);
  expect(one.body["result"]).toMatchObject({ answer: "At last." });
  expect(two.body).toEqual(one.body);
});

test.each([
  ["/api/sessions", { initialPrompt: quick, wait: 301 }, "body.wait"],
  ["/api/sessions", { wait: 5 }, "body.wait"],
  ["/api/sessions", { initialPrompt: quick, callbackDeadlineSeconds: 60 }, "body.callbackDeadlineSeconds"],
  ["/api/sessions", { initialPrompt: quick, callbackDeadlineSeconds: 5 }, "body.callbackDeadlineSeconds"],
])("POST %s with %j is refused and names %s, field three", async (path, body, field) => {
  expect(await post(path, { ...local(), ...body })).toMatchObject({ status: 400, body: { errors: [{ field }] } });
});

test("a caller whose deadline comes first is told once, before it, that the run goes on", async () => {
  await using receiver = await startReceiver();
  const callback = { callbackUrl: receiver.url("/resume?signature=1"), callbackDeadlineSeconds: 10 };
  const began = Date.now();
  const { body } = await post("/api/sessions", { ...local(), initialPrompt: slow(14), ...callback });
  await expect.poll(() => receiver.received.length, { timeout: 15_000 }).toBe(1);
  expect(Date.now() - began).toBeLessThan(10_000);
  expect(receiver.received[0]?.body).toMatchObject({
    type: "run.still_running",
    runId: body["runId"],
    status: "running",
    answer: null,
  });
  await app.until(String(body["sessionId"]), ["completed"]);
  // A later message to the same URL is told in its turn, so nothing waits behind it any more.
  await app.say(String(body["sessionId"]), { content: quick, callbackUrl: callback.callbackUrl });
  await expect.poll(() => receiver.received.length, { timeout: 30_000 }).toBe(2);
  expect(receiver.received[1]?.body).toMatchObject({ type: "run.finished", answer: "Ready." });
});

test("a run that ends before the caller's deadline is told at once, and once", async () => {
  await using receiver = await startReceiver();
  const callback = { callbackUrl: receiver.url("/resume"), callbackDeadlineSeconds: 11 };
  const { body } = await post("/api/sessions", { ...local(), initialPrompt: quick, ...callback, wait: 60 });
  await expect.poll(() => receiver.received.length, { timeout: 5_000 }).toBe(1);
  expect(receiver.received[0]?.body).toMatchObject({ type: "run.finished", answer: "Ready.", runId: body["runId"] });
  const due = await app.db.selectFrom("deliveries").select("status").where("status", "=", "pending").execute();
  expect(due).toEqual([]);
});
