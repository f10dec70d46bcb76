import { randomUUID } from "node:crypto";
import type { Workflow, WorkflowNode } from "./n8n-workflows.ts";

const PACKAGE = "n8n-nodes-claude-orchestrator";
export const NODE_CREDENTIALS = {
  claudeOrchestratorApi: { id: "node-id-1", name: "Claude Orchestrator" },
  httpHeaderAuth: { id: "node-id-2", name: "Claude webhooks" },
  anthropicApi: { id: "node-id-3", name: "Anthropic" },
};

/** Nodes one after the other, with the credentials each asks for. */
function chain(id: string, nodes: [name: string, type: string, version: number, parameters: object][]): Workflow {
  const made = nodes.map(([name, type, typeVersion, parameters], index): WorkflowNode => ({
    id: randomUUID(),
    name,
    type,
    typeVersion,
    position: [index * 200, 0],
    parameters: { ...parameters },
    credentials: NODE_CREDENTIALS,
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

/** Start, continue by callback and by a held request, get, stop; answers with what each handed on. */
export const conversation = () =>
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

/** A start that is refused; the node goes on with its error. */
export function refusal(): Workflow {
  const place = { operation: "start", workIn: "local", projectPath: "/nowhere/at/all" };
  const workflow = chain("nodeRefusal", [
    [...webhook("nodes/refusal")],
    [...claude("Start", { ...place, prompt: "x", waitBy: "callback", maxMinutes: 5 })],
    [...respond("={{ JSON.stringify($json) }}")],
  ]);
  for (const node of workflow.nodes) if (node.name === "Start") node.onError = "continueRegularOutput";
  return workflow;
}

/** Tells a URL of every run that succeeded. */
export const events = (url: string) =>
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

const toAgent = (type: string) => ({ [type]: [[{ node: "Agent", type, index: 0 }]] });

/** An agent of n8n that has our node as a tool, and a model that is scripted. */
export function agent(): Workflow {
  const workflow = chain("nodeAgent", [
    [...webhook("nodes/agent")],
    [
      "Agent",
      "@n8n/n8n-nodes-langchain.agent",
      3,
      { promptType: "define", text: "={{ $json.body.prompt }}", options: {} },
    ],
    [...respond("={{ JSON.stringify($json) }}")],
    [
      "Model",
      "@n8n/n8n-nodes-langchain.lmChatAnthropic",
      1.3,
      { model: { __rl: true, mode: "id", value: "claude-sonnet-4-5" }, options: {} },
    ],
    [
      "Claude",
      `${PACKAGE}.claudeOrchestratorTool`,
      1,
      {
        operation: "start",
        workIn: "local",
        projectPath: "={{ $('Webhook').first().json.body.path }}",
        prompt: "={{ $fromAI('prompt', 'The whole task', 'string') }}",
        waitBy: "callback",
        maxMinutes: 5,
        options: {},
      },
    ],
  ]);
  const { Webhook, Agent } = workflow.connections;
  const connections = { Webhook, Agent, Model: toAgent("ai_languageModel"), Claude: toAgent("ai_tool") };
  // Its own kinds of connections, which the shipped workflows have none of.
  return { ...workflow, connections: connections as unknown as Workflow["connections"] };
}
