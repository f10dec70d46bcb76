import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { DeliveryPage } from "../../src/contract/delivery.ts";
import { SessionThread, SessionThreads } from "../../src/contract/thread.ts";
import { setConnectedChannels } from "../../src/deliveries/thread-queries.ts";
import { testApp, type TestApp } from "../support/app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app[Symbol.asyncDispose]());
beforeEach(() => setConnectedChannels(app.db, ["slack", "email"]));

const threads = async (id: string) => (await app.request(SessionThreads, `/api/sessions/${id}/threads`)).items;
const deliveries = async (id: string) =>
  (await app.request(DeliveryPage, `/api/sessions/${id}/deliveries`)).items.map(({ kind, type, address }) => ({
    kind,
    type,
    address,
  }));
const told = ({ kind, threadId }: SessionThread) => ({ kind, type: "run.finished", address: threadId });
const begin = (body: object = {}) => app.start({ projectType: "local", projectPath: app.folder, ...body });
const hang = (sessionId: string, threadTs: string) =>
  app.request(SessionThread.partial().loose(), `/api/sessions/${sessionId}/threads`, {
    method: "PUT",
    body: { channel: "C1", threadTs },
  });
const talkByMail = (sessionId: string) =>
  app.db.insertInto("emailThreads").values({ sessionId, participant: "mara@example.org", subject: "Hello" }).execute();

async function run(sessionId: string): Promise<void> {
  await app.say(sessionId, { content: `MOCK${JSON.stringify([{ text: "done" }])}` });
  await app.until(sessionId, ["completed", "failed"]);
}

test("an answer goes to every thread of its session, whatever its kind, that is not muted", async () => {
  const { sessionId } = await begin();
  await hang(sessionId, "1700000001.000100");
  await talkByMail(sessionId);
  const [slack = expect.fail(), email = expect.fail()] = await threads(sessionId);
  expect([slack, email]).toMatchObject([
    { kind: "slack", place: "C1", muted: false },
    { kind: "email", place: "mara@example.org", muted: false },
  ]);
  await run(sessionId);
  const both = await deliveries(sessionId);
  expect(both).toHaveLength(2);
  expect(both).toEqual(expect.arrayContaining([told(slack), told(email)]));

  const path = `/api/sessions/${sessionId}/threads/${email.threadId}`;
  const muted = await app.request(SessionThread, path, { method: "PATCH", body: { muted: true } });
  expect(muted).toEqual({ ...email, muted: true });
  await run(sessionId);
  expect(await deliveries(sessionId)).toHaveLength(3);
});

test("a message that is to be delivered goes to the threads, and is refused where there are none", async () => {
  const { sessionId } = await begin();
  const body = { direction: "outbound", content: "From the workflow", deliver: true };
  const post = () =>
    app.fetch(`/api/sessions/${sessionId}/messages`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const refused = await post();
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({ errors: [{ field: "body.deliver" }] });
  expect(await app.messages(sessionId)).toEqual([]);
  await hang(sessionId, "1700000002.000100");
  expect((await post()).ok).toBe(true);
  expect(await deliveries(sessionId)).toMatchObject([{ kind: "slack", type: "message.posted" }]);
});

test("where no channel is connected, threads are kept and nothing is queued", async () => {
  await setConnectedChannels(app.db, []);
  const { sessionId } = await begin({ slackChannel: "C2" });
  await hang(sessionId, "1700000003.000100");
  await run(sessionId);
  expect(await threads(sessionId)).toHaveLength(1);
  expect(await deliveries(sessionId)).toEqual([]);
});

test("a session that is to be talked about in a Slack channel has a thread there from the beginning", async () => {
  const { sessionId } = await begin({ slackChannel: "C3" });
  expect(await threads(sessionId)).toMatchObject([{ kind: "slack", place: "C3" }]);
  await run(sessionId);
  expect(await deliveries(sessionId)).toMatchObject([{ kind: "slack", type: "run.finished" }]);
});

test("a thread of another session cannot be muted", async () => {
  const [one, other] = [await begin({ slackChannel: "C4" }), await begin()];
  const [thread] = await threads(one.sessionId);
  const path = `/api/sessions/${other.sessionId}/threads/${thread?.threadId}`;
  const answer = await app.fetch(path, {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ muted: true }),
  });
  expect(answer.status).toBe(404);
  expect(await threads(one.sessionId)).toEqual([thread]);
});
