import { once } from "node:events";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import type { HubMachine } from "../../src/contract/hub.ts";
import { startLiveness } from "../../src/hub/liveness.ts";
import { requestAs, type TestHub, testHub, until } from "../support/hub.ts";

let hub: TestHub;
beforeAll(async () => {
  hub = await testHub();
});
afterAll(() => hub[Symbol.asyncDispose]());

const register = (hostname: string, metadata: object = {}) => ({
  type: "register",
  client_id: hostname,
  user_token: "",
  metadata: { hostname, project: "/p", ...metadata },
});
const health = () => hub.json<{ status: string; here: { machines: number } }>("/health");

test("a peer that lost its power is gone when it answered no ping, one that answers stays", async () => {
  using liveness = startLiveness({ pingMs: 50, silentMs: 250 });
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  server.on("connection", (socket) => liveness.watch(socket));
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const silent = new WebSocket(`ws://127.0.0.1:${port}`, { autoPong: false });
  const answering = new WebSocket(`ws://127.0.0.1:${port}`);
  silent.on("error", () => undefined);
  await once(silent, "close");
  expect(answering.readyState).toBe(answering.OPEN);
  answering.terminate();
  server.close();
  await once(server, "close");
});

test("what a machine says of itself cannot leave its field", async () => {
  await using socket = await hub.socket(`/ws/connect?token=${await hub.token()}`);
  const evil = '"><img src=x onerror=alert(1)>\u0000\u001b[2J\ud800';
  socket.send(
    register(evil, {
      project: evil,
      version: evil,
      platform: evil,
      callback_url: "javascript:alert(1)",
      status: "disconnected",
    }),
  );
  await socket.frame("registered");
  const found = await until(
    async () => (await hub.json<{ clients: HubMachine[] }>("/clients")).clients.find((it) => it.is_connected),
    "the machine",
  );
  expect(found.id).toMatch(/^m[0-9a-z]{15}$/);
  expect(JSON.stringify(found.metadata)).not.toMatch(/\\u0000|\\u001b|\\ud800/);
  expect(found.metadata).toMatchObject({ status: "idle", callback_url: null });
});

test("a machine whose frames are too large, too many or broken is sent away; the hub goes on", async () => {
  const token = await hub.token();
  const large = await hub.socket(`/ws/connect?token=${token}`);
  large.send(register("large", { capabilities: ["tunnel-1"] }));
  await large.frame("registered");
  large.send({ type: "response_chunk", request_id: "x", data: "x".repeat(1024 * 1024) });
  expect(await large.untilClosed()).toMatchObject({ code: 1009 });

  const fast = await hub.socket(`/ws/connect?token=${token}`);
  fast.send(register("fast"));
  for (let index = 0; index < 2_500; index++) fast.send({ type: "ping", client_id: "fast" });
  expect(await fast.untilClosed()).toMatchObject({ code: 1008 });

  const broken = await hub.socket(`/ws/connect?token=${token}`);
  broken.send(register("broken", { capabilities: ["tunnel-1"] }));
  await broken.frame("registered");
  broken.socket.send(Buffer.from([1, 2]));
  expect(await broken.untilClosed()).toMatchObject({ code: 1008 });
  expect((await health()).status).toBe("ok");
});

test("large frames that nobody asked for are not read", async () => {
  const token = await hub.token();
  await using socket = await hub.socket(`/ws/connect?token=${token}`);
  const nonsense = "x".repeat(2 * 1024 * 1024);
  socket.socket.send(nonsense);
  socket.send(register("chatter"));
  await socket.frame("registered");
  socket.socket.send(nonsense);
  socket.send({ type: "ping", client_id: "chatter" });
  await socket.frame("pong");
  expect(socket.frames.map(({ type }) => type)).toEqual(["registered", "pong"]);
});

test("answers to requests nobody made, foreign ids and nonsense change nothing", async () => {
  const token = await hub.token();
  await using victim = await hub.socket(`/ws/connect?token=${token}`);
  victim.send(register("victim"));
  await victim.frame("registered");
  await using attacker = await hub.socket(`/ws/connect?token=${token}`);
  attacker.send(register("attacker"));
  await attacker.frame("registered");
  const types = [
    "status_update",
    "ping",
    "response_chunk",
    "response_complete",
    "error",
    "http_proxy_response",
    "report",
    "register",
    "get_clients",
    "x",
  ];
  const frames = fc.sample(
    fc.record({
      type: fc.constantFrom(...types),
      client_id: fc.constantFrom("victim", "", 7, null),
      request_id: fc.oneof(fc.string(), fc.integer()),
      status: fc.constantFrom("busy", 200, "x", null),
      headers: fc.constantFrom([], {}, [["a"]], [["a", "b"]]),
      body: fc.oneof(fc.string(), fc.constant(null)),
      message: fc.string({ unit: "binary", maxLength: 50 }),
      data: fc.anything({ maxDepth: 1 }),
    }),
    800,
  );
  for (const frame of frames)
    attacker.socket.send(JSON.stringify(frame, (_key, value: unknown) => (typeof value === "bigint" ? 1 : value)));
  for (const text of fc.sample(fc.string({ unit: "binary" }), 300)) attacker.socket.send(text);
  attacker.send({ type: "ping", client_id: "the end" });
  await attacker.frame("pong", (frame) => frame["client_id"] === "the end");
  const { clients } = await hub.json<{ clients: HubMachine[] }>("/clients");
  expect(clients.find((it) => it.metadata.hostname === "victim")?.metadata.status).toBe("idle");
  expect(attacker.frames.every(({ type }) => ["registered", "error", "pong"].includes(type))).toBe(true);
});

test("names that are not the hub's own are refused, so that no name server leads a browser here", async () => {
  const answers = [];
  for (const host of ["evil.example", `localhost.evil.example:${hub.port}`])
    answers.push((await requestAs(hub.port, { host, path: "/clients" })).status);
  expect(answers).toEqual([403, 403]);
  const forwarded = await requestAs(hub.port, {
    host: `localhost:${hub.port}`,
    path: "/clients",
    headers: { "x-forwarded-for": "1.2.3.4" },
  });
  expect(forwarded.status).toBe(401);
});

test("machines that wait are bounded by address", async () => {
  const sockets = [];
  for (let index = 0; index < 11; index++) sockets.push(await hub.socket("/ws/pending?user=octocat"));
  expect(sockets.map(({ status }) => status)).toEqual([...Array.from({ length: 10 }, () => 101), 429]);
  for (const { socket } of sockets) socket.terminate();
});

test("who guesses tokens waits, and others from elsewhere do not", async () => {
  const status = async (token: string, address: string) => {
    await using socket = await hub.socket(`/ws/connect?token=${token}`, { headers: { "x-forwarded-for": address } });
    return socket.status;
  };
  const token = await hub.token();
  const guesses = [];
  for (let index = 0; index < 30; index++)
    guesses.push(await status(`ao_${"0".repeat(16)}_${String(index).padStart(64, "0")}`, "203.0.113.7"));
  expect(new Set(guesses)).toEqual(new Set([401]));
  expect(await status(token, "203.0.113.7")).toBe(429);
  expect(await status(token, "203.0.113.8")).toBe(101);
});
