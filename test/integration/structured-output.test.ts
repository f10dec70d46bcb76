import { afterAll, beforeAll, expect, test } from "vitest";
import { RunResult } from "../../src/contract/run-result.ts";
import { Run } from "../../src/contract/run.ts";
import { testApp, type TestApp } from "../support/app.ts";
import { startReceiver } from "../support/callback-receiver.ts";

/** For what comes soon, on a machine that has much to do. */
const WAIT = { timeout: 20_000 };

let app: TestApp;
beforeAll(async () => {
  app = await testApp({ RUN_MAX_ATTEMPTS: "1" });
});
afterAll(() => app[Symbol.asyncDispose]());

/** As generators of schemas write it; Claude itself knows no dialect of this name. */
const jsonSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  properties: { title: { type: "string" }, due: { type: "string", format: "date" }, score: { type: "integer" } },
  required: ["title", "score"],
  additionalProperties: false,
};
const script = (...steps: object[]) => `MOCK${JSON.stringify(steps)}`;
const gives = (input: object) => ({ tool: { name: "StructuredOutput", input } });
const local = () => ({ projectType: "local", projectPath: app.folder });

async function post(path: string, body: object) {
  const answer = await app.fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

const ask = (prompt: string) =>
  post("/api/sessions", { ...local(), initialPrompt: prompt, jsonSchema, wait: 120 }).then(({ body }) =>
    RunResult.parse(body["result"]),
  );

test("an answer in the wanted form shows wherever a run's end is told; each message has a form of its own, or none", async () => {
  await using receiver = await startReceiver();
  const { status, body } = await post("/api/sessions", {
    ...local(),
    // Claude checks its first try and is told what is wrong with it.
    initialPrompt: script(gives({ title: 4 }), gives({ title: "A", score: 3 })),
    jsonSchema,
    callbackUrl: receiver.url("/"),
    wait: 120,
  });
  const structuredOutput = { title: "A", score: 3 };
  expect({ status, body }).toMatchObject({
    status: 201,
    body: { result: { status: "succeeded", reason: "success", structuredOutput, error: null } },
  });
  const path = `/api/runs/${String(body["runId"])}`;
  expect(await app.request(Run, path)).toMatchObject({ structuredOutput });
  expect(await app.request(RunResult, `${path}/result`)).toMatchObject({ structuredOutput });
  await expect.poll(() => receiver.received.length, WAIT).toBe(1);
  expect(receiver.received[0]?.body).toMatchObject({ type: "run.finished", structuredOutput });

  const messages = `/api/sessions/${String(body["sessionId"])}/messages`;
  const other = { type: "object", properties: { ok: { type: "boolean" } }, required: ["ok"] };
  expect(await post(messages, { content: script(gives({ ok: true })), jsonSchema: other, wait: 120 })).toMatchObject({
    status: 201,
    body: { result: { structuredOutput: { ok: true } } },
  });
  expect(await post(messages, { content: script({ text: "In words." }), wait: 120 })).toMatchObject({
    status: 201,
    body: { result: { answer: "In words.", structuredOutput: null, status: "succeeded" } },
  });
});

test.concurrent("a Claude that answers in words all the same has failed, and what it said is told", async () => {
  expect(await ask(script({ text: "In words." }, { text: "And again." }))).toMatchObject({
    status: "failed",
    reason: "invalid_output",
    answer: null,
    structuredOutput: null,
    error: expect.stringMatching(/^Claude ended without an answer in the form of jsonSchema\. .*Claude said: “/u),
  });
});

test.concurrent("a Claude that never finds the form has failed for that reason", async () => {
  const { reason, error } = await ask(script(...Array.from({ length: 8 }, () => gives({ title: 4 }))));
  expect(reason).toBe("invalid_output");
  expect(error).toMatch(/never fitted jsonSchema.*must have required property 'score'/u);
});

test.concurrent("a rule that Claude does not check is checked here", async () => {
  expect(await ask(script(gives({ title: "A", score: 3, due: "tomorrow" })))).toMatchObject({
    status: "failed",
    reason: "invalid_output",
    structuredOutput: null,
    error: expect.stringContaining('does not fit jsonSchema: /due must match format "date"'),
  });
});

const inSession = (more: object) => ["/api/sessions", { initialPrompt: "x", ...more }] as const;
test.each<readonly [path: string, body: object, rule: string]>([
  [...inSession({ jsonSchema: { type: "array" } }), 'must have type "object"'],
  [...inSession({ jsonSchema: { type: "object", properties: { a: { type: "strin" } } } }), "is not a JSON Schema"],
  [...inSession({ jsonSchema: { type: "object", propertes: {} } }), 'unknown keyword: "propertes"'],
  [...inSession({ jsonSchema: { type: "object", properties: { a: { $ref: "http://127.0.0.1/" } } } }), "can't resolve"],
  [...inSession({ jsonSchema: "object" }), "must be an object, not a text"],
  ["/api/sessions", { jsonSchema: { type: "object" } }, "needs initialPrompt"],
  ["message", { content: "x", jsonSchema: { type: "array" } }, 'must have type "object"'],
  ["message", { content: "x", jsonSchema: { type: "object" }, steer: true }, "cannot go with steer"],
  ["message", { content: "x", jsonSchema: { type: "object" }, direction: "outbound" }, "is for inbound messages"],
])("%s with %j is refused: body.jsonSchema %s", async (path, body, rule) => {
  const to = path === "message" ? `/api/sessions/${crypto.randomUUID()}/messages` : path;
  expect(await post(to, { ...(path === "message" ? {} : local()), ...body })).toMatchObject({
    status: 400,
    body: { message: expect.stringContaining(rule), errors: [{ field: "body.jsonSchema" }] },
  });
});

test("a schema that would not fit on a command line is refused", async () => {
  const long = { type: "object", description: "x".repeat(32_000) };
  expect(await post("/api/sessions", { ...local(), initialPrompt: "x", jsonSchema: long })).toMatchObject({
    status: 400,
    body: { message: "body.jsonSchema must have at most 32000 letters as JSON" },
  });
});
