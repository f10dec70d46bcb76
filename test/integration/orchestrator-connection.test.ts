import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SystemStatus } from "../../src/contract/system.ts";
import { testApp, type TestApp } from "../support/app.ts";
import { type Frame, type HubStandIn, startHubStandIn, polite } from "../support/hub-stand-in.ts";
import { until } from "../support/slack-app.ts";

/** It is looked four times a second; the rest is for machines on which other tests run. */
const SOON_MS = 2_500;
const TOKEN = "ao_0123456789abcdef_0123";
const fast = (hub: HubStandIn, values: Record<string, string> = {}) => ({
  ORCHESTRATOR_MODE: "client",
  ORCHESTRATOR_URL: hub.url,
  ORCHESTRATOR_TOKEN: TOKEN,
  ORCHESTRATOR_CLIENT_ID: "test-machine",
  ORCHESTRATOR_RECONNECT_INTERVAL: "100",
  ORCHESTRATOR_HEARTBEAT_INTERVAL: "1000",
  ...values,
});
const hubOf = async (app: TestApp) => (await app.request(SystemStatus, "/api/status")).hub;
const untilState = (app: TestApp, state: string) =>
  until(
    async () => ((await hubOf(app))?.state === state ? true : undefined),
    () => `the connection did not become ${state}`,
  );

describe("with a hub as it exists", () => {
  let hub: HubStandIn;
  let app: TestApp;
  beforeAll(async () => {
    hub = await startHubStandIn();
    app = await testApp(fast(hub));
  });
  afterAll(async () => {
    await app[Symbol.asyncDispose]();
    await hub[Symbol.asyncDispose]();
  });

  test("the machine registers with its token, its id and what it is", async () => {
    const machine = await hub.machine(0);
    expect(machine.request.url).toBe(`/ws/connect?token=${TOKEN}&client_id=test-machine`);
    expect(await machine.frame("register")).toEqual({
      type: "register",
      client_id: "test-machine",
      user_token: TOKEN,
      metadata: {
        hostname: hostname(),
        project: process.cwd(),
        status: "idle",
        version: "0.1.0",
        platform: process.platform,
        callback_url: null,
        capabilities: ["tunnel-1", "reports-1"],
      },
    });
    expect(await machine.frame("status_update")).toMatchObject({ client_id: "test-machine", status: "idle" });
    expect(await machine.frame("ping")).toEqual({ type: "ping", client_id: "test-machine" });
    expect(await hubOf(app)).toMatchObject({ state: "connected", clientId: "test-machine", url: hub.url });
    expect(JSON.stringify(await hubOf(app))).not.toContain("ao_");
  });

  test("idle, active and busy are told soon after the change", async () => {
    const machine = await hub.machine(0);
    const leaving = new AbortController();
    let next = machine.frames.length;
    /** Milliseconds from now until this is told, after what was told before. */
    const told = async (status: string): Promise<number> => {
      const since = performance.now();
      const isNext = (one: Frame) => one["status"] === status && machine.frames.indexOf(one) >= next;
      next = machine.frames.indexOf(await machine.frame("status_update", isNext)) + 1;
      return performance.now() - since;
    };
    const feed = await app.fetch("/api/events", { signal: leaving.signal });
    expect(await told("active")).toBeLessThan(SOON_MS);
    const session = await app.start({ projectType: "local", projectPath: app.folder, initialPrompt: "hello" });
    await told("busy");
    await app.until(session.sessionId, ["completed"]);
    expect(await told("active")).toBeLessThan(SOON_MS);
    leaving.abort();
    await feed.body?.cancel().catch(() => undefined);
    expect(await told("idle")).toBeLessThan(SOON_MS);
  });

  test("refresh_status is answered at once, and what is not known is ignored", async () => {
    const machine = await hub.machine(0);
    const before = machine.frames.length;
    machine.send({ type: "command", command: "frobnicate", x: 1 });
    machine.send({ type: "something_new", a: 1 });
    machine.send("not json{");
    machine.send({ type: "command", command: "refresh_status" });
    await machine.frame("status_update", (one) => machine.frames.indexOf(one) >= before);
    expect(machine.isOpen()).toBe(true);
  });

  test("after a break it comes back once, and says its state again", async () => {
    const seen = hub.machines.length;
    hub.machines.at(-1)?.socket.terminate();
    const again = await hub.machine(seen);
    expect(await again.frame("register")).toMatchObject({ client_id: "test-machine" });
    expect(await again.frame("status_update")).toMatchObject({ status: "idle" });
    await sleep(500);
    expect(hub.machines.filter((one) => one.isOpen())).toHaveLength(1);
  });

  test("a message of 40 MiB costs the connection, not the machine", { timeout: 120_000 }, async () => {
    const seen = hub.machines.length;
    hub.machines.at(-1)?.send(`{"type":"pong","x":"${"a".repeat(40 * 1024 * 1024)}"}`);
    const again = await hub.machine(seen);
    await again.frame("register");
    expect((await app.fetch("/api/status")).status).toBe(200);
  });

  test("who is told to disconnect stays away until a restart", async () => {
    await untilState(app, "connected");
    const seen = hub.machines.length;
    const machine = hub.machines.at(-1);
    machine?.send({ type: "command", command: "disconnect" });
    await untilState(app, "away");
    await sleep(500);
    expect(hub.machines).toHaveLength(seen);
    await app.restart();
    await (await hub.machine(seen)).frame("register");
    const last = hub.machines.at(-1);
    last?.send({ type: "error", message: "Disconnected by user" });
    last?.socket.close(1000, "Disconnected by user");
    await untilState(app, "away");
  });
});

test("a hub that is silent does not keep the server from working", async () => {
  await using silent = await startHubStandIn({ behave: () => () => undefined });
  await using app = await testApp(fast(silent));
  await (await silent.machine(0)).frame("register");
  expect((await app.fetch("/health")).status).toBe(200);
  expect(await hubOf(app)).toMatchObject({ state: "connecting" });
});

test("a machine without a token is claimed, keeps its token encrypted, and uses it after a restart", async () => {
  await using hub = await startHubStandIn({
    behave: (key) => (machine, frame) => {
      polite(key)(machine, frame);
      if (frame.type === "ping" && frame["pending_id"] !== undefined)
        machine.send({ type: "token_granted", pending_id: "whatever", token: TOKEN, client_id: "0011223344556677" });
    },
  });
  await using app = await testApp(
    fast(hub, {
      ORCHESTRATOR_TOKEN: "",
      ORCHESTRATOR_CLAIM_USERS: "octocat,hubot",
      ORCHESTRATOR_CLAIM_TEAM: "org/team",
    }),
  );
  const pending = await hub.machine(0);
  expect(pending.request.url).toBe("/ws/pending?user=octocat%2Chubot&team=org%2Fteam");
  const asked = await pending.frame("pending_register");
  expect(asked).toMatchObject({
    hostname: hostname(),
    platform: process.platform,
    code: expect.stringMatching(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/),
  });
  expect(await hubOf(app)).toMatchObject({ state: "pending", claimCode: asked["code"] });
  const machine = await hub.machine(1);
  expect(machine.request.url).toBe(`/ws/connect?token=${TOKEN}&client_id=0011223344556677`);
  expect(await machine.frame("register")).toMatchObject({ client_id: "0011223344556677", user_token: TOKEN });
  const rows = await app.db.selectFrom("hubClaims").selectAll().execute();
  expect(rows).toHaveLength(1);
  expect(Buffer.from(rows[0]?.sealedToken ?? "").includes(TOKEN.slice(3, 12))).toBe(false);
  await app.restart();
  expect((await hub.machine(2)).request.url).toBe(`/ws/connect?token=${TOKEN}&client_id=0011223344556677`);
});
