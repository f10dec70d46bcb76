import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { SessionPage } from "../../src/contract/session.ts";
import { SubscriptionEvent, SubscriptionList } from "../../src/contract/subscription.ts";
import { testApp, type TestApp } from "../support/app.ts";
import { requireN8n } from "../support/n8n-install.ts";
import { installNodePackage } from "../support/n8n-node-package.ts";
import { agent, conversation, events, NODE_CREDENTIALS, refusal } from "../support/n8n-node-workflows.ts";
import { startOutside, type Outside } from "../support/n8n-outside.ts";
import { openN8n, WEBHOOK_KEY, type Credential, type N8n } from "../support/n8n.ts";

const here = requireN8n();
const API_KEY = "the-key-of-our-own-server";
const WITHOUT_SQLITE = resolve(import.meta.dirname, "../support/n8n-without-sqlite.ts");
const WAIT = { timeout: 60_000, interval: 100 };
const parts = new AsyncDisposableStack();
let app: TestApp;
let n8n: N8n;
let outside: Outside;
const heard: SubscriptionEvent[] = [];

const script = (...steps: object[]) => `MOCK${JSON.stringify(steps)}`;

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

const ourCredential = (apiKey: string): Credential => ({
  ...NODE_CREDENTIALS.claudeOrchestratorApi,
  type: "claudeOrchestratorApi",
  data: { baseUrl: `${app.url}/`, apiKey },
});

beforeAll(async () => {
  if (!here) return;
  app = parts.use(await testApp({ API_KEY, RUN_MAX_ATTEMPTS: "1" }));
  outside = parts.use(await startOutside());
  n8n = parts.use(
    await openN8n({
      workflows: [conversation(), refusal(), events(await startListener()), agent()],
      credentials: [
        ourCredential(API_KEY),
        { ...NODE_CREDENTIALS.httpHeaderAuth, type: "httpHeaderAuth", data: WEBHOOK_KEY },
        { ...NODE_CREDENTIALS.anthropicApi, type: "anthropicApi", data: { apiKey: "nobody", url: app.model.url } },
      ],
      environment: {
        ...outside.environment,
        N8N_COMMUNITY_PACKAGES_ENABLED: "true",
        NODE_OPTIONS: `--import=${WITHOUT_SQLITE}`,
      },
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

test("an AI agent has the node as a tool: it hands work over and gets the answer in its own call", async () => {
  const tool = { name: "Claude", input: { prompt: script({ text: "From the tool." }) } };
  const { status, body } = await n8n.call("nodes/agent", {
    path: app.folder,
    prompt: script({ tool }, { text: "It was done." }),
  });
  expect({ status, body, log: status === 200 ? "" : n8n.log() }).toMatchObject({
    status: 200,
    body: { output: "It was done." },
  });
  const { items } = SessionPage.parse(await (await app.fetch("/api/sessions")).json());
  const [newest] = items;
  expect(newest).toMatchObject({ source: "n8n", status: "completed" });
  expect((await app.messages(newest?.sessionId ?? "")).at(-1)).toMatchObject({ content: "From the tool." });
});

test("the credential's test is right about a right key and a wrong one", async () => {
  expect(await n8n.testCredential(ourCredential(API_KEY))).toBe("OK");
  expect(await n8n.testCredential(ourCredential("a-wrong-key-of-somebody"))).toBe("Error");
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
