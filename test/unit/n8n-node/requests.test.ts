import { resolve } from "node:path";
import { expect, test } from "vitest";
import { signBody } from "../../../src/channels/callback/signed-channel.ts";
import { PostMessage } from "../../../src/contract/message.ts";
import { Wait } from "../../../src/contract/run-result.ts";
import { StopRequest } from "../../../src/contract/run.ts";
import { CreateSubscription, SubscribedStatus, SubscribedType } from "../../../src/contract/subscription.ts";
import { StartSession } from "../../../src/contract/template.ts";

type Fields = Record<string, unknown>;
interface ApiRequest {
  path: string;
  body: Fields;
  idempotencyKey?: string;
}
interface Requests {
  startRequest(parameters: Fields, waiting: Fields, key: string): ApiRequest;
  continueRequest(parameters: Fields, waiting: Fields, key: string): ApiRequest;
  stopRequest(sessionId: string): ApiRequest;
  resultRequest(runId: string, seconds: number): { path: string; query: { wait: number } };
}
interface Subscriptions {
  wanted(url: string, types: string[], filters: Fields): { types: string[] };
  createRequest(wanted: object, workflow: string): ApiRequest;
  isStillWanted(known: object, wanted: object): boolean;
}
interface Results {
  answerItem(answer: Fields): Fields;
  resultItem(result: Fields): Fields;
}
type IsAuthentic = (request: { headers: Fields; rawBody: Buffer }, secret: string, now: number) => boolean;

/** The package is CommonJS with a compiler of its own: what it exports is named here, not seen by ours. */
const NODES = resolve(import.meta.dirname, "../../../n8n-workflows/nodes/nodes");
const load = async <T>(file: string): Promise<T> => (await import(/* @vite-ignore */ `${NODES}/${file}`)) as T;
const requests = await load<Requests>("ClaudeOrchestrator/requests.ts");
const results = await load<Results>("ClaudeOrchestrator/results.ts");
const subscriptions = await load<Subscriptions>("ClaudeOrchestratorTrigger/subscription.ts");
const { isAuthentic } = await load<{ isAuthentic: IsAuthentic }>("ClaudeOrchestratorTrigger/signature.ts");
interface Property {
  name: string;
  value?: string;
  options?: Property[];
}
const nodeProperties = await load<{ properties: Property[] }>("ClaudeOrchestrator/properties.ts");
const triggerProperties = await load<{ properties: Property[] }>("ClaudeOrchestratorTrigger/properties.ts");

const optionsOf = ({ properties }: { properties: Property[] }, name: string): Property[] =>
  properties.find((property) => property.name === name)?.options ?? [];
const valuesOf = (options: readonly Property[]) => options.map(({ value }) => value ?? "").toSorted();

const callback = {
  by: "callback",
  callbackUrl: "http://127.0.0.1:5678/webhook-waiting/1?signature=a",
  deadlineSeconds: 60,
};
const held = { by: "request", seconds: 999 };
const startBody = StartSession.extend({ wait: Wait.optional() }).strict();
const messageBody = PostMessage.extend({ wait: Wait.optional() }).strict();

const everyOption = {
  allowedTools: "Bash(npm test:*)\n Write \n",
  appendSystemPrompt: "Be brief.",
  author: "Ann",
  branch: "main",
  disallowedTools: "WebFetch",
  jsonSchema: '{"type": "object"}',
  maxBudgetUsd: 1.5,
  maxTurns: 3,
  metadata: { order: 4711 },
  model: "sonnet",
  permissionMode: "plan",
  slackChannel: "C1",
  tags: "nightly, billing",
  timeoutSeconds: 60,
  title: "A title",
};

test("a session is asked for in the words of the contract, with every option the node has", () => {
  const options = optionsOf(nodeProperties, "options");
  expect(options.map(({ name }) => name).toSorted()).toEqual(Object.keys(everyOption).toSorted());
  const parameters = { workIn: "github", githubRepo: "owner/repo", prompt: "Do it", options: everyOption };
  const { path, body, idempotencyKey } = requests.startRequest(parameters, callback, "n8n-1");
  expect({ path, idempotencyKey }).toEqual({ path: "/api/sessions", idempotencyKey: "n8n-1" });
  expect(startBody.parse(body)).toMatchObject({
    projectType: "github",
    githubRepo: "owner/repo",
    initialPrompt: "Do it",
    allowedTools: ["Bash(npm test:*)", "Write"],
    disallowedTools: ["WebFetch"],
    tags: ["nightly", "billing"],
    metadata: { order: 4711 },
    jsonSchema: { type: "object" },
    callbackUrl: callback.callbackUrl,
    callbackDeadlineSeconds: 60,
    source: "n8n",
  });
});

test("what was not said is not sent, and waits stay within what the server takes", () => {
  const options = { tags: "", metadata: "{}", allowedTools: "\n", model: "" };
  const local = requests.startRequest({ workIn: "local", projectPath: "/p", prompt: "x", options }, held, "k");
  expect(local.body).toEqual({ projectType: "local", projectPath: "/p", initialPrompt: "x", wait: 300, source: "n8n" });
  expect(startBody.safeParse(local.body).success).toBe(true);
  const parameters = { workIn: "template", template: "nightly", variables: '{"who": "me"}', prompt: "", options: {} };
  const { body } = requests.startRequest(parameters, { ...callback, deadlineSeconds: 9e9 }, "k");
  expect(startBody.parse(body)).toMatchObject({ template: "nightly", variables: { who: "me" } });
  expect(body).toMatchObject({ callbackDeadlineSeconds: 604_800 });
  expect(body).not.toHaveProperty("initialPrompt");
  expect(() => requests.startRequest({ workIn: "github", options: { metadata: "[1]" } }, held, "k")).toThrow(
    "Metadata must be a JSON object",
  );
});

test("messages, stops and results are asked for in the words of the contract", () => {
  const said = { sessionId: " a/b ", prompt: "More", author: "", metadata: '{"a": 1}' };
  const { path, body } = requests.continueRequest(said, held, "k");
  expect(path).toBe("/api/sessions/a%2Fb/messages");
  expect(messageBody.parse(body)).toMatchObject({ content: "More", metadata: { a: 1 }, wait: 300, source: "n8n" });
  expect(body).not.toHaveProperty("author");
  expect(StopRequest.strict().parse(requests.stopRequest("a").body)).toEqual({});
  expect(requests.resultRequest("r", -1)).toMatchObject({ path: "/api/runs/r/result", query: { wait: 0 } });
  expect(() => requests.stopRequest(" ")).toThrow("The session ID is empty");
});

test("a result says in one word whether it has ended", () => {
  expect(results.resultItem({ status: "failed", runId: "r" })).toEqual({ status: "failed", runId: "r", ended: true });
  const goesOn = { sessionId: "s", runId: "r", status: "running", title: "t", result: null };
  expect(results.answerItem(goesOn)).toEqual({
    sessionId: "s",
    runId: "r",
    status: "running",
    answer: null,
    ended: false,
  });
  const done = { sessionId: "s", result: { status: "succeeded", answer: "Yes" } };
  expect(results.answerItem(done)).toEqual({ status: "succeeded", answer: "Yes", ended: true });
});

test("the trigger subscribes in the words of the contract, to every event there is, and knows its subscription again", () => {
  expect(valuesOf(optionsOf(triggerProperties, "events"))).toEqual(SubscribedType.options.toSorted());
  const statuses = optionsOf({ properties: optionsOf(triggerProperties, "filters") }, "statuses");
  expect(valuesOf(statuses)).toEqual(SubscribedStatus.options.toSorted());

  const wanted = subscriptions.wanted("http://n8n/webhook/1/webhook", ["run.finished"], { projects: "a/b, /p" });
  const { body } = subscriptions.createRequest(wanted, "My workflow");
  expect(CreateSubscription.strict().parse(body)).toEqual({
    url: "http://n8n/webhook/1/webhook",
    types: ["run.finished"],
    projects: ["a/b", "/p"],
    statuses: [],
    name: "n8n: My workflow",
  });
  expect(subscriptions.isStillWanted({ ...body, enabled: true }, wanted)).toBe(true);
  expect(subscriptions.isStillWanted({ ...body, enabled: false }, wanted)).toBe(false);
  expect(subscriptions.isStillWanted({ ...body, enabled: true, types: ["run.started"] }, wanted)).toBe(false);
});

test("only what the orchestrator signed with this secret a moment ago starts a workflow", () => {
  const rawBody = Buffer.from('{"type":"run.finished","text":"ä"}');
  const now = 1_700_000_000_000;
  const signed = (timestamp: string, secret = "s".repeat(32)) => ({
    headers: {
      "x-orchestrator-timestamp": timestamp,
      "x-orchestrator-signature": signBody(secret, timestamp, rawBody.toString()),
    },
    rawBody,
  });
  const secret = "s".repeat(32);
  expect(isAuthentic(signed("1700000000"), secret, now)).toBe(true);
  expect(isAuthentic(signed("1700000000", "other"), secret, now)).toBe(false);
  expect(isAuthentic({ ...signed("1700000000"), rawBody: Buffer.from("{}") }, secret, now)).toBe(false);
  expect(isAuthentic(signed("1699999000"), secret, now)).toBe(false);
  expect(isAuthentic({ headers: {}, rawBody }, secret, now)).toBe(false);
  expect(isAuthentic(signed("1700000000", ""), "", now)).toBe(false);
});
