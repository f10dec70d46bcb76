import { describe, expect, test } from "vitest";
import { apiForWorkflows } from "../support/n8n-api.ts";
import { workflowFaults } from "../support/n8n-lint.ts";
import { readNodeFacts } from "../support/n8n-node-facts.ts";
import { readWorkflow, workflowFiles, type Workflow, type WorkflowNode } from "../support/n8n-workflows.ts";

const rules = { facts: readNodeFacts(), api: apiForWorkflows() };
const shipped = () => workflowFiles().map(readWorkflow);

test("the workflows we ship have no faults", () => {
  const workflows = shipped();
  expect(workflows).toHaveLength(10);
  expect(workflowFaults(workflows, rules)).toEqual([]);
});

test("each file is written as n8n exports it, and its number is its place", () => {
  expect(workflowFiles().map((file) => Number(file.slice(0, 2)))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

const START = "01-session-initializer.json";
const at = (workflow: Workflow, name: string): WorkflowNode => {
  const node = workflow.nodes.find((one) => one.name === name);
  if (!node) throw new Error(`no node “${name}”`);
  return node;
};
const parameters = (workflow: Workflow, name: string) => at(workflow, name).parameters;
const edit = (name: string, key: string, change: (text: string) => unknown) => (workflow: Workflow) =>
  void (parameters(workflow, name)[key] = change(String(parameters(workflow, name)[key])));
const body = (find: string | RegExp, put: string) =>
  edit("Start session", "jsonBody", (text) => text.replace(find, put));

/** One change to a workflow → what must be said of it. */
const BROKEN: [what: string, change: (workflow: Workflow) => unknown, said: string][] = [
  ["a type that n8n does not have", (it) => (at(it, "Config").type = "n8n-nodes-base.sett"), "nothing"],
  ["a version of which we know nothing", (it) => (at(it, "Webhook").typeVersion = 9), "webhook 9"],
  ["a setting that the node does not have", edit("Webhook", "pathh", () => "x"), "no “pathh”"],
  ["a value that a setting cannot have", edit("Webhook", "httpMethod", () => "FETCH"), 'cannot be "FETCH"'],
  [
    "an option deep inside that is not there",
    (it) => (parameters(it, "Start session")["options"] = { timeOut: 1 }),
    "options has no “timeOut”",
  ],
  [
    "a credential of another kind",
    (it) => (at(it, "Webhook").credentials = { slackApi: { id: "1", name: "Slack" } }),
    "takes no credential slackApi",
  ],
  ["no credential where one is needed", (it) => delete at(it, "Post the answer").credentials, "needs a credential"],
  [
    "a key beside a credential's name",
    (it) => Object.assign(at(it, "Webhook").credentials?.["httpHeaderAuth"] ?? {}, { data: 1 }),
    "in another way than by id and name",
  ],
  ["a look at a node that is not there", body("$('Webhook')", "$('Webhoook')"), "“Webhoook”, which is not there"],
  ["a look at a node that comes later", body("$('Webhook')", "$('Outcome')"), "“Outcome”, which has not run by then"],
  ["a look at what Config does not hold", body("waitHours", "waitDays"), "“waitDays” of Config"],
  ["an expression that is none", body("tags: ['n8n']", "tags: ['n8n'"), "is no expression"],
  ["the environment", body("source: 'n8n'", "source: $env.DOOR"), "uses $env"],
  [
    "an address that is not ours",
    edit("Start session", "url", () => "https://example.org/api/sessions"),
    "does not ask the orchestrator",
  ],
  ["a route that we do not have", edit("Start session", "url", (url) => `${url}s`), "POST /api/sessionss"],
  ["a method that the route does not have", edit("Start session", "method", () => "PUT"), "PUT /api/sessions,"],
  ["a field that our API does not know", body("title:", "titel:"), "sends “titel”"],
  [
    "a field that is left out",
    edit("Remember the thread", "jsonBody", (text) => text.replace(/channel: .*/u, "")),
    "does not send “channel”",
  ],
  [
    "a value that our API does not take",
    body("'n8n'],\n  source: 'n8n'", "'n8n'],\n  source: 'n9n'"),
    'sends “source” as "n9n"',
  ],
  [
    "a query parameter that is not known",
    (it) => (parameters(it, "Remember the thread")["queryParameters"] = { parameters: [{ name: "dry", value: "1" }] }),
    "query parameter “dry”",
  ],
  ["no Idempotency-Key", (it) => delete parameters(it, "Start session")["headerParameters"], "no Idempotency-Key"],
  ["another callback than this execution's", body("$execution.resumeUrl", "$json.url"), "not this execution's own"],
  ["no deadline", body(/,\s*callbackDeadlineSeconds: [^\n]*/u, ""), "no deadline"],
  [
    "nobody who waits for the callback",
    edit("Wait for Claude", "resume", () => "timeInterval"),
    "nothing waits for the callback",
  ],
  ["waiting for what nobody will send", body(/callbackUrl: [^\n]*/u, ""), "nobody was asked for"],
  ["waiting for ever", edit("Wait for Claude", "limitWaitTime", () => false), "waits for ever"],
  ["a webhook for everybody", edit("Webhook", "authentication", () => "none"), "called by anybody"],
  ["an answer at the first Wait", edit("Webhook", "responseMode", () => "lastNode"), "not answered by a Respond node"],
  ["a node that nothing leads to", (it) => delete it.connections["Wait for Claude"], "“Outcome” is never reached"],
  ["a connection to nowhere", (it) => (at(it, "Outcome").name = "Result"), "connects “Outcome”, which is not there"],
  ["an output too many", (it) => it.connections["Wait for Claude"]?.main.push([]), "more outputs of “Wait for Claude”"],
  ["two nodes of one name", (it) => (at(it, "Outcome").name = "Config"), "the name “Config” is there twice"],
  ["no Config", (it) => (at(it, "Config").name = "Settings"), "has 0 nodes called Config"],
  ["the id of another node", (it) => (at(it, "Outcome").id = at(it, "Config").id), "the id of a node"],
  ["a secret", (it) => (at(it, "Note 1").parameters["content"] = `## Use xoxb-${"1".repeat(12)}`), "holds a secret"],
  ["a key in a header", body("source: 'n8n'", "source: 'n8n', author: 'Bearer abcdefgh12'"), "holds a secret"],
  ["pinned data", (it) => (it["pinData"] = { Webhook: [{ json: {} }] }), "pinned data"],
  ["active as shipped", (it) => (it["active"] = true), "shipped active"],
  [
    "an error workflow that is not there",
    (it) => (it.settings.errorWorkflow = "nobody"),
    "names no error workflow that is there",
  ],
  ["no word of explanation", (it) => (at(it, "Note 1").parameters["content"] = "Hm."), "no note that explains it"],
  [
    "the id of another workflow",
    (it) => (it.id = "claudeErrorWflow"),
    "the id of a workflow “claudeErrorWflow” is there twice",
  ],
  [
    "the path of another webhook",
    edit("Webhook", "path", () => "claude/ask"),
    "the webhook path “POST claude/ask” is there twice",
  ],
  [
    "the webhookId of another node",
    (it) =>
      (at(it, "Webhook").webhookId =
        readWorkflow("03-synchronous.json").nodes.find(({ name }) => name === "Webhook")?.webhookId ?? ""),
    "the webhookId",
  ],
];

describe("the lint sees", () => {
  test.each(BROKEN)("%s", (_, change, said) => {
    const workflow = readWorkflow(START);
    const workflows = [workflow, readWorkflow("03-synchronous.json"), readWorkflow("10-errors.json")];
    expect(workflowFaults(workflows, rules)).toEqual([]);
    const before = JSON.stringify(workflow);
    change(workflow);
    expect(JSON.stringify(workflow)).not.toBe(before);
    expect(workflowFaults(workflows, rules).join("\n")).toContain(said);
  });
});
