import { afterAll, beforeAll, expect, test } from "vitest";
import { DeliveryPage, type Delivery } from "../../src/contract/delivery.ts";
import { Stopped } from "../../src/contract/run.ts";
import { openHouse, type House } from "../support/n8n-house.ts";
import { requireN8n } from "../support/n8n-install.ts";
import { configured, type Workflow } from "../support/n8n-workflows.ts";
import { apiOf, script } from "../support/server-process.ts";

const here = requireN8n();
const START = "01-session-initializer.json";
const GENERAL = "CGENERAL1";
const WAIT = { timeout: 90_000, interval: 100 };

let house: House;
beforeAll(async () => {
  if (here)
    house = await openHouse({ files: [START], config: { [START]: { slackChannel: GENERAL } }, change: withCopies });
});
afterAll(() => house?.[Symbol.asyncDispose]());

const PAUSE = { resume: "timeInterval", amount: 5, unit: "seconds" };

/** Beside the workflow as it is shipped: one that comes late to its Wait node, and one that will not wait long. */
function withCopies(workflow: Workflow): Workflow[] {
  if (workflow.id !== "claudeSessionIni") return [workflow];
  const late = copied(workflow, "late");
  const nodeOf = (name: string) => late.nodes.find((node) => node.name === name) ?? expect.fail(`no node “${name}”`);
  const start = nodeOf("Start session");
  const url = String(start.parameters["url"]).replace(
    "sessions",
    "runs/{{ $('Start session').first().json.runId }}/result",
  );
  const ended = {
    ...start.parameters,
    method: "GET",
    url: `${url}?wait=120`,
    sendBody: false,
    options: { timeout: 130_000 },
  };
  late.nodes.push(
    { ...start, id: "until", name: "Until it has ended", parameters: ended, onError: "stopWorkflow" },
    { ...nodeOf("Wait for Claude"), id: "pause", webhookId: "pause", name: "And a bit", parameters: PAUSE },
  );
  const way = ["Say it has begun", "Until it has ended", "And a bit", "Wait for Claude"];
  for (const [index, node] of way.slice(1).entries())
    late.connections[way[index] ?? ""] = { main: [[{ node, type: "main", index: 0 }]] };
  return [workflow, late, configured(copied(workflow, "impatient"), { waitHours: 0.005 })];
}

function copied(workflow: Workflow, name: string): Workflow {
  const copy = structuredClone(workflow);
  for (const node of copy.nodes) {
    if (node.webhookId !== undefined) node.webhookId = `${name}-${node.webhookId.slice(0, 8)}`;
    if (node.name === "Webhook") node.parameters["path"] = `claude/${name}`;
  }
  return { ...copy, id: `claude-${name}`, name: `${workflow.name} (${name})` };
}

const api = () => apiOf(house.server());

async function begin(path: string, ...steps: object[]): Promise<string> {
  const { status, body } = await house.n8n.call(path, { githubRepo: "acme/first", prompt: script(...steps) });
  expect(status).toBe(202);
  return String(body["sessionId"]);
}

/** Waits until Slack has this text, and sees that it is there once. */
async function postedOnce(text: string): Promise<void> {
  const all = () => house.outside.slack.messages(GENERAL).filter((one) => one.text.includes(text));
  await expect.poll(() => all().length, WAIT).toBeGreaterThan(0);
  expect(all()).toHaveLength(1);
}

async function callbackOf(sessionId: string): Promise<Delivery | undefined> {
  const { items } = await api().request(DeliveryPage, `/api/sessions/${sessionId}/deliveries`);
  return items.find(({ kind }) => kind === "callback");
}

test("a run that goes on too long is told of before n8n gives up, and the workflow ends with it", async () => {
  const sessionId = await begin("claude/impatient", { bash: "sleep 45" }, { text: "Too late." });
  await postedOnce("Claude is still at work.");
  await house.n8n.database.execution("claude-impatient", "success");
  expect(await api().session(sessionId)).toMatchObject({ status: "running" });
  expect(await callbackOf(sessionId)).toMatchObject({ status: "delivered" });
  await api().request(Stopped, `/api/sessions/${sessionId}/stop`, { method: "POST", body: {} });
});

test("a callback that is faster than the Wait node is not lost", async () => {
  const sessionId = await begin("claude/late", { text: "Faster than you." });
  await api().until(sessionId, ["completed"]);
  await expect.poll(async () => (await callbackOf(sessionId))?.lastStatus, WAIT).toBe(409);
  await postedOnce("Faster than you.");
  const { attempts, status } = (await callbackOf(sessionId)) ?? {};
  expect(status).toBe("delivered");
  expect(attempts).toBeGreaterThan(1);
});

test("our server is killed in the middle of the run: n8n hears of its end all the same, once", async () => {
  const sessionId = await begin("claude/start", { bash: "sleep 4" }, { text: "After our death." });
  await api().until(sessionId, ["running"]);
  house.server().signal("SIGKILL");
  await house.server().exited();
  await house.restartServer();
  await postedOnce("After our death.");
  expect(await api().runs(sessionId)).toMatchObject([{ status: "succeeded" }]);
});

test("n8n is killed while it waits, and the run ends meanwhile: the next n8n goes on with it", async () => {
  const { n8n } = house;
  const count = (await n8n.database.executions("claudeSessionIni")).length + 1;
  const sessionId = await begin("claude/start", { bash: "sleep 3" }, { text: "While you were away." });
  await n8n.database.execution("claudeSessionIni", "waiting", count);
  await n8n.stop("SIGKILL");
  await api().until(sessionId, ["completed"]);
  await expect.poll(async () => (await callbackOf(sessionId))?.attempts, WAIT).toBeGreaterThan(0);
  await n8n.start();
  await postedOnce("While you were away.");
  await n8n.database.execution("claudeSessionIni", "success", count);
});

test("in all of this nothing but Slack was asked for outside", () => {
  expect(house.outside.refused).toEqual([]);
  expect(house.outside.slack.faults).toEqual([]);
});
