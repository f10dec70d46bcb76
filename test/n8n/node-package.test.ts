import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { SessionPage } from "../../src/contract/session.ts";
import { SubscriptionEvent, SubscriptionList } from "../../src/contract/subscription.ts";
import { testApp, type TestApp } from "../support/app.ts";
import { requireN8n } from "../support/n8n-install.ts";
import { installNodePackage } from "../support/n8n-node-package.ts";
import { startOutside, type Outside } from "../support/n8n-outside.ts";
import type { Workflow, WorkflowNode } from "../support/n8n-workflows.ts";
import { openN8n, WEBHOOK_KEY, type N8n } from "../support/n8n.ts";

const here = requireN8n();
const API_KEY = "the-key-of-our-own-server";
const WAIT = { timeout: 60_000, interval: 100 };
const PACKAGE = "n8n-nodes-claude-orchestrator";
const CREDENTIALS = {
  claudeOrchestratorApi: { id: "node-id-1", name: "Claude Orchestrator" },
  httpHeaderAuth: { id: "node-id-2", name: "Claude webhooks" },
};

const parts = new AsyncDisposableStack();
let app: TestApp;
let n8n: N8n;
let outside: Outside;
const heard: SubscriptionEvent[] = [];

const script = (...steps: object[]) => `MOCK${JSON.stringify(steps)}`;

/** Nodes one after the other, with the credentials each asks for. */
function chain(id: string, nodes: [name: string, type: string, version: number, parameters: object][]): Workflow {
  const made = nodes.map(([name, type, typeVersion, parameters], index): WorkflowNode => ({
    id: randomUUID(),
    name,
    type,
    typeVersion,
    position: [index * 200, 0],
    parameters: { ...parameters },
    credentials: CREDENTIALS,
    webhookId: randomUUID(),
  }));
  const links = made.slice(1).map(({ name }, index) => {
    const next = { main: [[{ node: name, type: "main", index: 0 }]] };
    return [made[index]?.name ?? "", next] as const;
  });
  return { id, name: id, nodes: made, connections: Object.fromEntries(links), settings: { executionOrder: "v1" } };
}

const webhook = (path: string) =>
  [
    "Webhook",
    "n8n-nodes-base.webhook",
    2,
    { httpMethod: "POST", path, authentication: "headerAuth", responseMode: "responseNode", options: {} },
  ] as const;
const respond = (responseBody: string) =>
  ["Respond", "n8n-nodes-base.respondToWebhook", 1.1, { respondWith: "json", responseBody, options: {} }] as const;
const claude = (name: string, parameters: object) => [name, `${PACKAGE}.claudeOrchestrator`, 1, parameters] as const;

const conversation = () =>
  chain("nodeConversation", [
    [...webhook("nodes/conversation")],
    [
      ...claude("Start", {
        operation: "start",
        workIn: "local",
        projectPath: "={{ $json.body.path }}",
        prompt: "={{ $json.body.prompt }}",
        waitBy: "callback",
        maxMinutes: 5,
        options: { allowedTools: "Bash", title: "By a node", tags: "n8n, test", metadata: '{"order": 4711}' },
      }),
    ],
    [
      ...claude("Continue", {
        operation: "continue",
        sessionId: "={{ $json.sessionId }}",
        prompt: "={{ $('Webhook').first().json.body.next }}",
        waitBy: "callback",
        maxMinutes: 5,
      }),
    ],
    [
      ...claude("Held", {
        operation: "continue",
        sessionId: "={{ $json.sessionId }}",
        prompt: "={{ $('Webhook').first().json.body.last }}",
        waitBy: "request",
        maxSeconds: 60,
      }),
    ],
    [...claude("Get", { operation: "get", sessionId: "={{ $json.sessionId }}", waitSeconds: 0 })],
    [...claude("Stop", { operation: "stop", sessionId: "={{ $json.sessionId }}" })],
    [
      ...respond(
        "={{ JSON.stringify(Object.fromEntries(['Start', 'Continue', 'Held', 'Get', 'Stop'].map((name) => [name, $(name).first().json]))) }}",
      ),
    ],
  ]);

const refusal = () =>
  chain("nodeRefusal", [
    [...webhook("nodes/refusal")],
    [
      ...claude("Start", {
        operation: "start",
        workIn: "local",
        projectPath: "/nowhere/at/all",
        prompt: "x",
        waitBy: "callback",
        maxMinutes: 5,
      }),
    ],
    [...respond("={{ JSON.stringify($json) }}")],
  ]);

const events = (url: string) =>
  chain("nodeEvents", [
    [
      "Claude",
      `${PACKAGE}.claudeOrchestratorTrigger`,
      1,
      { events: ["run.finished"], filters: { statuses: ["succeeded"] } },
    ],
    [
      "Tell",
      "n8n-nodes-base.httpRequest",
      4.2,
      {
        method: "POST",
        url,
        sendBody: true,
        contentType: "json",
        specifyBody: "json",
        jsonBody: "={{ JSON.stringify($json) }}",
        options: {},
      },
    ],
  ]);

async function startListener(): Promise<string> {
  const server = createServer((req, res) => {
    void (async () => {
      heard.push(SubscriptionEvent.parse(JSON.parse(Buffer.concat(await req.toArray()).toString())));
      res.setHeader("content-type", "application/json").end("{}");
    })();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  parts.defer(() => server[Symbol.asyncDispose]());
  parts.defer(() => server.closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

beforeAll(async () => {
  if (!here) return;
  app = parts.use(await testApp({ API_KEY, RUN_MAX_ATTEMPTS: "1" }));
  outside = parts.use(await startOutside());
  const refusing = refusal();
  for (const node of refusing.nodes) if (node.name === "Start") node.onError = "continueRegularOutput";
  n8n = parts.use(
    await openN8n({
      workflows: [conversation(), refusing, events(await startListener())],
      credentials: [
        {
          ...CREDENTIALS.claudeOrchestratorApi,
          type: "claudeOrchestratorApi",
          data: { baseUrl: `${app.url}/`, apiKey: API_KEY },
        },
        { ...CREDENTIALS.httpHeaderAuth, type: "httpHeaderAuth", data: WEBHOOK_KEY },
      ],
      environment: { ...outside.environment, N8N_COMMUNITY_PACKAGES_ENABLED: "true" },
    }),
  );
  await installNodePackage(n8n.folder);
  await n8n.start();
});
afterAll(() => parts.disposeAsync());

test("one node each starts, continues and looks at a session; executions sleep until they are called back", async () => {
  const { status, body } = await n8n.call("nodes/conversation", {
    path: app.folder,
    prompt: script({ bash: "sleep 2" }, { text: "First." }),
    next: script({ text: "Second." }),
    last: script({ text: "Third." }),
  });
  expect({ status, log: status === 200 ? "" : n8n.log() }).toEqual({ status: 200, log: "" });
  const sessionId = z.uuid().parse((body["Start"] as { sessionId: string }).sessionId);
  const done = { sessionId, status: "succeeded", ended: true };
  expect(body).toMatchObject({
    Start: { ...done, answer: "First.", metadata: { order: 4711 } },
    Continue: { ...done, answer: "Second." },
    Held: { ...done, answer: "Third." },
    Get: { sessionId, title: "By a node", tags: ["n8n", "test"], runCount: 3, result: { ...done, answer: "Third." } },
    Stop: { sessionId, stopped: [] },
  });
  const { items } = SessionPage.parse(await (await app.fetch("/api/sessions")).json());
  expect(items.map(({ source }) => source)).toEqual(["n8n"]);
});

test("what the orchestrator refuses is the node's error, in the orchestrator's words", async () => {
  const { body } = await n8n.call("nodes/refusal", {});
  expect(body).toMatchObject({ error: expect.stringContaining("body.projectPath does not exist") as unknown });
});

test("the trigger subscribes, starts its workflow for what it asked for, refuses what is not signed, and unsubscribes", async () => {
  const list = async () => SubscriptionList.parse(await (await app.fetch("/api/subscriptions")).json()).items;
  const [subscription, ...others] = await list();
  expect(others).toEqual([]);
  expect(subscription).toMatchObject({ types: ["run.finished"], statuses: ["succeeded"], name: "n8n: nodeEvents" });
  await app.start({ projectType: "local", projectPath: app.folder, initialPrompt: script({ text: "Heard?" }) });
  await expect.poll(() => heard.map(({ run }) => run?.answer), WAIT).toContain("Heard?");

  const forged = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(heard[0]) };
  const count = heard.length;
  expect((await fetch(subscription?.url ?? "", forged)).status).toBe(401);
  await n8n.unpublish("nodeEvents");
  await expect.poll(list, WAIT).toEqual([]);
  expect(heard).toHaveLength(count);
});

test("nobody outside was asked", () => {
  expect(outside.refused).toEqual([]);
});
