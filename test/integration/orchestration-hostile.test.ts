import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { createLogger } from "../../src/lib/logger.ts";
import { ENGINE_LIMITS } from "../../src/orchestration/engine-limits.ts";
import { createGateway } from "../../src/orchestration/gateway.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { ask, editor, orchestrationServer, type OrchestrationServer, setDesired } from "../support/orchestration.ts";

const POLLING = "/orchestration/?EIO=4&transport=polling";
const WAIT = { timeout: 20_000 };

let database: TestDatabase;
let server: OrchestrationServer;

beforeAll(async () => {
  database = await testDatabase();
  server = await orchestrationServer(database.connectionString);
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

const numbers = (from: number) => Array.from({ length: 300 }, (_, index) => from + index);

/** A client that says what it likes; `heard` is all that came, packet by packet. */
async function raw(url = server.url) {
  const socket = new WebSocket(`${url.replace("http", "ws")}/orchestration/?EIO=4&transport=websocket`);
  const heard: string[] = [];
  let isClosed = false;
  socket.on("message", (data: Buffer) => heard.push(data.toString()));
  socket.on("error", () => {});
  socket.on("close", () => (isClosed = true));
  await once(socket, "open");
  return {
    heard,
    say: (...packets: (string | Buffer)[]) => packets.forEach((packet) => socket.send(packet)),
    isClosed: () => isClosed,
    count: (start: string) => heard.filter((packet) => packet.startsWith(start)).length,
    [Symbol.dispose]: () => socket.terminate(),
  };
}

/** It answers others as if nothing were. */
async function expectWell(): Promise<void> {
  using it = editor(server.url, "well");
  await it.until("subscribed");
  expect(await ask(server.url, "/api/orchestration/global")).toMatchObject({ status: 200 });
}

test("bytes, packets that are none and packets too large end the connection, and nothing else", async () => {
  for (const packet of [Buffer.from("x"), "4451-[", "42".padEnd(70_000, "x"), '42["disconnect"]', "452-[]"]) {
    using it = await raw();
    it.say("40", packet);
    await expect.poll(it.isClosed, WAIT).toBe(true);
  }
  await expectWell();
});

test("a namespace that is not there is refused, and one asked for twice is not given twice", async () => {
  using it = await raw();
  it.say("40/admin,", "40", "40", "40");
  await expect.poll(() => it.count("44"), WAIT).toBe(3);
  expect(it.heard).toContain('44/admin,{"message":"Invalid namespace"}');
  await expect.poll(() => it.count("40"), WAIT).toBe(1);
  await setDesired(server.url, "counted", 1);
  it.say('42["subscribe",{"workspaceId":"counted"}]');
  await expect.poll(() => it.count('42["orchestration.workspace"'), WAIT).toBe(1);
  const { body } = await setDesired(server.url, "counted", 2);
  await expect.poll(() => it.count('42["orchestration.workspace"'), WAIT).toBe(2);
  const global = `42["orchestration.global",{"running":0,"desired":${body.global.desired},`;
  await expect.poll(() => it.count(global), WAIT).toBe(1);
});

test("who asks for namespaces without end is cut off, over polling in one request", async () => {
  const opened = await (await fetch(server.url + POLLING)).text();
  const { sid } = JSON.parse(opened.slice(1)) as { sid: string };
  const flood = Array.from({ length: 15_000 }, () => "40").join("\u001E");
  await fetch(`${server.url}${POLLING}&sid=${sid}`, { method: "POST", body: flood }).catch(() => {});
  expect((await fetch(`${server.url}${POLLING}&sid=${sid}`)).status).toBe(400);
  await expectWell();
});

test("a body of a megabyte is refused where sockets are none", async () => {
  const opened = await (await fetch(server.url + POLLING)).text();
  const { sid } = JSON.parse(opened.slice(1)) as { sid: string };
  const sent = fetch(`${server.url}${POLLING}&sid=${sid}`, { method: "POST", body: `4${"x".repeat(1_000_000)}` });
  expect(await sent.then(({ status }) => status).catch(() => 413)).toBe(413);
  await expectWell();
});

test("names that mean something to JavaScript mean nothing here", async () => {
  using it = await raw();
  it.say("40");
  await expect.poll(() => it.count("40"), WAIT).toBe(1);
  it.say('42["error",{"message":"x"}]', '42["__proto__"]', '42["constructor",{}]', '42["emit","a"]', "42[5]");
  it.say('42["subscribe",{"__proto__":{"workspaceId":"polluted"}}]', '42["subscribe",{"workspaceId":{"length":{}}}]');
  it.say('42["subscribeProjects",{"projectNumbers":{"length":1,"0":4}}]');
  await expect.poll(() => it.count('42["error"'), WAIT).toBe(3);
  for (const id of ["__proto__", "constructor", "toString"]) {
    expect((await setDesired(server.url, id, 1)).body.workspace).toMatchObject({ workspace_id: id, desired: 1 });
    using one = editor(server.url, id);
    expect(await one.until("orchestration.workspace")).toMatchObject({ workspaceId: id, desired: 1 });
  }
  const posted = await fetch(`${server.url}/api/events/project`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"type":"issue.created","data":{"projectNumber":4,"__proto__":{"polluted":true}}}',
  });
  expect(posted.status).toBeLessThan(500);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  await expectWell();
});

test("a socket gets as many workspaces and projects as it may, ids as long as they may be, and an answer in words beyond", async () => {
  using it = editor(server.url, undefined);
  for (const workspaceId of ["x".repeat(1_001), "x".repeat(60_000)]) it.socket.emit("subscribe", { workspaceId });
  for (let index = 0; index < 250; index++) it.socket.emit("subscribe", { workspaceId: `many ${index}` });
  await it.until("error", () => true, 51);
  await it.until("subscribed", () => true, 199);
  expect(it.of("subscribed")).toHaveLength(200);
  expect(it.of("error").map(({ message }) => message as string)).toEqual([
    ...Array.from({ length: 2 }, () => "workspaceId is required"),
    ...Array.from({ length: 50 }, () => "a socket may subscribe to 200 workspaces"),
  ]);
  for (const from of [0, 0, 300]) it.socket.emit("subscribeProjects", { projectNumbers: numbers(from) });
  await it.until("error", ({ message }) => message === "a socket may subscribe to 500 projects");
  expect(it.of("subscribedProjects")).toHaveLength(2);
});

test("editors that come and go without end leave nothing behind", async () => {
  const id = "come and gone";
  await setDesired(server.url, id, 1);
  for (let times = 0; times < 50; times++) {
    using it = editor(server.url, id, { transports: ["websocket"] });
    await it.until("subscribed");
  }
  const table = database.db.selectFrom("orchestration").where("workspaceId", "=", id);
  const over = { watchedUntil: new Date() };
  const letGo = async () => {
    const where = database.db.updateTable("orchestration").set(over).where("workspaceId", "=", id);
    await where.where("watchedUntil", "is not", null).execute();
    return (await table.select("desired").executeTakeFirstOrThrow()).desired;
  };
  await expect.poll(letGo, { ...WAIT, interval: 500 }).toBeNull();
});

test("no more connections than there may be, and none that lets everything wait for it", async () => {
  const who = { identify: () => Promise.resolve({ name: "local" } as never) };
  const silent = { log: createLogger("silent"), caughtUp: () => Promise.resolve(), onSocket: () => {} };
  const gateway = createGateway({ who, ...silent, maxConnections: 2 });
  const http = createServer((req, res) => gateway.answer("/orchestration", req, res));
  http.on("upgrade", (req, socket, head) => gateway.door.upgrade("/orchestration", req, socket, head));
  await once(http.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  using it = await raw(url);
  it.say("40");
  await expect.poll(() => it.count("40"), WAIT).toBe(1);
  expect((await fetch(url + POLLING)).status).toBe(200);
  expect((await fetch(url + POLLING)).status).toBe(403);

  const event = { running: 0, desired: 0, seq: 1, paused: false };
  const turns = 2;
  for (let turn = 1; turn <= turns; turn++) {
    for (let packets = 0; packets < ENGINE_LIMITS.behind - 100; packets++) gateway.tellers.global(event);
    await expect.poll(() => it.count("42"), WAIT).toBe(turn * (ENGINE_LIMITS.behind - 100));
  }
  for (let packets = 0; packets < ENGINE_LIMITS.behind + 100; packets++) gateway.tellers.global(event);
  await expect.poll(it.isClosed, WAIT).toBe(true);
  gateway.door.close();
  http.close();
});
