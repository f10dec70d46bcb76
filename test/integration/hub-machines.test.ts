import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { HubMachine } from "../../src/contract/hub.ts";
import { type TestHub, testHub, type TestSocket, until } from "../support/hub.ts";

let hub: TestHub;
beforeAll(async () => {
  hub = await testHub();
});
afterAll(() => hub[Symbol.asyncDispose]());

const open: TestSocket[] = [];
afterEach(async () => {
  for (const socket of open.splice(0)) await socket[Symbol.asyncDispose]();
});

const registerFrame = (clientId: string, hostname: string, metadata: object = {}) => ({
  type: "register",
  client_id: clientId,
  user_token: null,
  metadata: { hostname, project: "/p", status: "idle", callback_url: null, ...metadata },
});

async function connect(token: string, clientId: string, hostname = clientId): Promise<TestSocket> {
  const socket = await hub.socket(`/ws/connect?token=${token}&client_id=${clientId}`);
  socket.send(registerFrame(clientId, hostname));
  open.push(socket);
  await socket.frame("registered");
  return socket;
}

const machines = async (): Promise<HubMachine[]> => (await hub.json<{ clients: HubMachine[] }>("/clients")).clients;
const machine = (hostname: string, fits: (it: HubMachine) => boolean = () => true) =>
  until(async () => (await machines()).find((it) => it.metadata.hostname === hostname && fits(it)), hostname);

test("a machine that comes back under another client id is the same machine", async () => {
  const token = await hub.token();
  const first = await connect(token, "vm-100", "vm");
  const { id } = await machine("vm", (it) => it.is_connected);
  first.socket.close();
  await machine("vm", (it) => !it.is_connected && it.metadata.status === "disconnected");

  await connect(token, "vm-200", "vm");
  const again = await machine("vm", (it) => it.is_connected);
  expect(again.id).toBe(id);
  expect(again.client_id).toBe("vm-200");
  expect(id).toMatch(/^m[0-9a-z]{15}$/);
});

test("two at once on one host with one token are two machines, as long as both answer", async () => {
  const token = await hub.token();
  await connect(token, "twin-1", "twin");
  await connect(token, "twin-2", "twin");
  const both = (await machines()).filter((it) => it.metadata.hostname === "twin" && it.is_connected);
  expect(new Set(both.map((it) => it.id)).size).toBe(2);
});

test("a second socket of one id takes the place of the first, which may say nothing more", async () => {
  const token = await hub.token();
  const first = await connect(token, "same");
  const second = await connect(token, "same");
  expect(await first.untilClosed()).toMatchObject({ code: 4001 });
  second.send({ type: "status_update", client_id: "same", status: "busy" });
  await machine("same", (it) => it.metadata.status === "busy" && it.is_connected);
  expect((await machines()).filter((it) => it.metadata.hostname === "same")).toHaveLength(1);
});

test("a socket whose place was taken is not listened to, though it does not close", async () => {
  const token = await hub.token();
  const first = await connect(token, "stubborn");
  const { id } = await machine("stubborn");
  // It does not read that it is to close, and goes on.
  first.socket.pause();
  await connect(token, "stubborn");
  first.send({ type: "status_update", client_id: "stubborn", status: "busy" });
  first.send({ type: "error", message: "from the socket that was replaced" });
  first.send({ type: "ping", client_id: "stubborn" });
  first.socket.resume();
  expect(await first.untilClosed()).toMatchObject({ code: 4001 });
  expect(first.frames.filter(({ type }) => type === "pong")).toEqual([]);
  expect(await machine("stubborn")).toMatchObject({ id, is_connected: true, metadata: { status: "idle" } });
  const { events } = await hub.json<{ events: { kind: string }[] }>(`/clients/${id}/events`);
  expect(events.map(({ kind }) => kind)).toEqual(["connected", "connected"]);
});

test("a machine speaks for itself only", async () => {
  const token = await hub.token();
  const mine = await connect(token, "speaker");
  await connect(token, "listener");
  mine.send({ type: "status_update", client_id: "listener", status: "busy" });
  mine.send({ type: "status_update", client_id: "speaker", status: "active" });
  await machine("speaker", (it) => it.metadata.status === "active");
  expect((await machine("listener")).metadata.status).toBe("idle");
});

test("a machine's socket cannot do what a browser may", async () => {
  const token = await hub.token();
  const mine = await connect(token, "role");
  mine.send({ type: "get_clients" });
  mine.send({ type: "forward_to_client", client_id: "x", request_id: "r", action: "claude-command" });
  mine.send({ type: "ping", client_id: "role" });
  await mine.frame("pong");
  expect(mine.frames.map(({ type }) => type)).toEqual(["registered", "error", "error", "pong"]);
});

test("a token that is revoked closes its live sockets and opens none", async () => {
  const made = await hub.json<{ id: string; token: string }>("/api/tokens", "POST", { name: "short" });
  const mine = await connect(made.token, "revoked");
  await hub.json(`/api/tokens/${made.id}/revoke`, "POST");
  expect(await mine.untilClosed()).toMatchObject({ code: 1008 });
  const { status } = await hub.socket(`/ws/connect?token=${made.token}`);
  expect(status).toBe(401);
});

test("wrong tokens are refused as such", async () => {
  const statuses = [];
  for (const path of [
    "/ws/connect",
    "/ws/connect?token=nonsense",
    `/ws/connect?token=ao_${"0".repeat(16)}_${"a".repeat(64)}`,
    "/ws/other",
  ])
    statuses.push((await hub.socket(path)).status);
  expect(statuses).toEqual([401, 401, 401, 404]);
});

test("the registry survives a restart, and machines come back to their places", async () => {
  const token = await hub.token();
  const before = await connect(token, "keeper");
  const { id } = await machine("keeper");
  await hub.restart();
  expect(await before.untilClosed()).toMatchObject({ code: 1012 });
  expect(await machine("keeper")).toMatchObject({ id, is_connected: false });
  await connect(token, "keeper");
  expect(await machine("keeper", (it) => it.is_connected)).toMatchObject({ id });
});

test("disconnecting sends the machine away for good, and the timeline says by whom", async () => {
  const token = await hub.token();
  const mine = await connect(token, "away");
  const { id } = await machine("away");
  await hub.json(`/clients/${id}/disconnect`, "POST");
  await mine.frame("command", (frame) => frame["command"] === "disconnect");
  expect(await mine.untilClosed()).toMatchObject({ code: 1000 });
  await machine("away", (it) => !it.is_connected);
  const { events } = await hub.json<{ events: { kind: string; by: string | null }[] }>(`/clients/${id}/events`);
  expect(events.map(({ kind, by }) => [kind, by])).toEqual([
    ["disconnected", null],
    ["command", "local"],
    ["connected", null],
  ]);
});

test("/health counts what is connected", async () => {
  const token = await hub.token();
  await connect(token, "counted");
  const health = await hub.json<{ status: string; here: { machines: number } }>("/health");
  expect(health).toMatchObject({ status: "ok", here: { machines: expect.any(Number) } });
  expect(health.here.machines).toBeGreaterThan(0);
});

test("who subscribed to machines hears of them, in the transaction of the change", async () => {
  await hub.db
    .insertInto("subscriptions")
    .values({ url: "http://127.0.0.1:9/", types: ["machine.connected", "machine.status", "machine.disconnected"] })
    .execute();
  const mine = await connect(await hub.token(), "heard");
  mine.send({ type: "status_update", client_id: "heard", status: "busy" });
  await machine("heard", (it) => it.metadata.status === "busy");
  mine.socket.terminate();
  await machine("heard", (it) => !it.is_connected);
  const all = await hub.db.selectFrom("deliveries").select(["topic", "body"]).orderBy("createdAt").execute();
  const told = all.filter(({ body }) => JSON.stringify(body).includes('"heard"'));
  expect(told.map(({ topic }) => topic)).toEqual(["machine.connected", "machine.status", "machine.disconnected"]);
  expect(told[1]?.body).toMatchObject({ machine: { hostname: "heard", status: "busy", owner: "local" } });
});

test("however often a browser asks for the list, it hears of each change once", async () => {
  await using browser = await hub.socket("/ws/connect?type=browser");
  for (let index = 0; index < 3; index++) browser.send({ type: "get_clients" });
  await until(
    () => browser.frames.filter(({ type }) => type === "client_list").length === 3 || undefined,
    "three lists",
  );
  const mine = await connect(await hub.token(), "once");
  const { id } = await machine("once");
  /** What the browser heard of this machine, the others being of other tests. */
  const heard = () =>
    browser.frames.flatMap((frame) => {
      const client = frame["client"] as HubMachine | undefined;
      if (frame["client_id"] === id) return [frame.type];
      return client?.id === id ? [client.metadata.status] : [];
    });
  const hears = (word: string) => until(() => heard().includes(word) || undefined, word);
  await hears("idle");
  mine.send({ type: "status_update", client_id: "once", status: "busy" });
  await hears("busy");
  mine.socket.terminate();
  await hears("client_disconnected");
  browser.send({ type: "ping" });
  await browser.frame("pong");
  expect(heard()).toEqual(["idle", "busy", "disconnected", "client_disconnected"]);
});

test("what was asked of a machine that leaves is over, and its request_id is free again", async () => {
  const token = await hub.token();
  const mine = await connect(token, "leaver");
  const { id } = await machine("leaver", (it) => it.is_connected);
  await using browser = await hub.socket("/ws/connect?type=browser");
  const ask = () =>
    browser.send({ type: "forward_to_client", client_id: id, request_id: "r1", action: "check-session-status" });
  ask();
  await mine.frame("user_request");
  mine.socket.terminate();
  const answers = () => browser.frames.filter(({ type }) => type === "forwarded_response");
  await until(() => answers()[0], "the end of the first");
  expect(answers()[0]).toMatchObject({ request_id: "r1", complete: true, data: { message: "The machine is gone" } });

  const again = await connect(token, "leaver");
  await machine("leaver", (it) => it.is_connected);
  ask();
  const { request_id } = await again.frame("user_request");
  again.send({ type: "response_complete", request_id, data: { done: true } });
  await until(() => answers()[1], "the answer to the second");
  expect(answers()[1]).toMatchObject({ request_id: "r1", complete: true, data: { done: true } });
});
