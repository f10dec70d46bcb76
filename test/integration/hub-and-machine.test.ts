import { afterAll, beforeAll, expect, test } from "vitest";
import type { HubMachine } from "../../src/contract/hub.ts";
import { Session } from "../../src/contract/session.ts";
import { testApp, type TestApp } from "../support/app.ts";
import { requestAs, type TestHub, testHub, until } from "../support/hub.ts";

let hub: TestHub;
let machine: TestApp;
let host: string;
let cookie: string;

beforeAll(async () => {
  hub = await testHub();
  machine = await testApp({
    ORCHESTRATOR_MODE: "client",
    ORCHESTRATOR_URL: `ws://127.0.0.1:${hub.port}/ws/connect`,
    ORCHESTRATOR_TOKEN: await hub.token("a machine of ours"),
    ORCHESTRATOR_RECONNECT_INTERVAL: "200",
  });
  const { id } = await ours((it) => it.is_connected);
  const response = await hub.call(`/clients/${id}/enter`, { redirect: "manual" });
  const ticket = new URL(response.headers.get("location") ?? "");
  const entered = await requestAs(hub.port, { host: ticket.host, path: ticket.pathname + ticket.search });
  ({ host } = ticket);
  cookie = String(entered.headers["set-cookie"]).split(";", 1)[0] ?? "";
});
afterAll(async () => {
  await machine[Symbol.asyncDispose]();
  await hub[Symbol.asyncDispose]();
});

const ours = (fits: (it: HubMachine) => boolean) =>
  until(async () => (await hub.json<{ clients: HubMachine[] }>("/clients")).clients.find(fits), "our machine");
const ask = (path: string, method = "GET", body?: unknown) =>
  requestAs(hub.port, {
    host,
    path,
    method,
    headers: { cookie, ...(body !== undefined && { "content-type": "application/json" }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });

test("our machine is at our hub, with the tunnel", async () => {
  expect(await ours((it) => it.is_connected)).toMatchObject({
    capabilities: ["tunnel-1", "reports-1"],
    metadata: { status: expect.stringMatching(/idle|active/), platform: process.platform },
  });
});

test("a session is started through the hub and watched to its end, and the machine is busy meanwhile", async () => {
  await using browser = await hub.socket("/ws/connect?type=browser");
  browser.send({ type: "get_clients" });
  await browser.frame("client_list");
  const started = await ask("/api/sessions", "POST", {
    projectType: "local",
    projectPath: machine.folder,
    initialPrompt: "hello",
  });
  expect([started.status, started.body.toString().slice(0, 200)]).toEqual([201, expect.anything()]);
  const session = Session.parse(JSON.parse(started.body.toString()));
  await browser.frame("client_update", (frame) => (frame["client"] as HubMachine).metadata.status === "busy");
  await machine.until(session.sessionId, ["completed"]);
  const seen = await ask(`/api/sessions/${session.sessionId}`);
  expect(JSON.parse(seen.body.toString())).toMatchObject({ status: "completed" });
});

test("the machine comes back by itself to a hub that was restarted, as the same machine", async () => {
  const { id } = await ours((it) => it.is_connected);
  await hub.restart(300);
  expect(await ours((it) => it.is_connected)).toMatchObject({ id });
  expect((await ask("/api/status")).status).toBe(200);
});

test("sent away, it stays away", async () => {
  const { id } = await ours((it) => it.is_connected);
  await hub.json(`/clients/${id}/disconnect`, "POST");
  expect(await ours((it) => !it.is_connected)).toMatchObject({ id, metadata: { status: "disconnected" } });
  expect((await ask("/api/status")).status).toBe(503);
});
