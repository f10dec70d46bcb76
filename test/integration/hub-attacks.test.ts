import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { HubMachine } from "../../src/contract/hub.ts";
import { HUB_LIMITS } from "../../src/hub/limits.ts";
import { requestAs, type TestHub, testHub, until } from "../support/hub.ts";
import { oldMachine } from "../support/old-machine.ts";
import { scriptedTunnel, type ScriptedTunnel } from "../support/scripted-tunnel.ts";

const MIB = 1024 * 1024;
// So that a test need not fill the memory.
Object.assign(HUB_LIMITS, { machineQueueBytes: 4 * MIB, plainBytesPerUser: 12 * MIB });

let hub: TestHub;
let machine: ScriptedTunnel;
let host: string;
let cookie: string;
beforeAll(async () => {
  hub = await testHub();
  machine = await scriptedTunnel(hub.port, await hub.token(), "evil");
  const { clients } = await hub.json<{ clients: HubMachine[] }>("/clients");
  const id = clients[0]?.id ?? "";
  host = `${id}.localhost:${hub.port}`;
  const entered = await enter(`/clients/${id}/enter`);
  cookie = String(entered.headers["set-cookie"]).split(";", 1)[0] ?? "";
});
afterAll(async () => {
  await machine[Symbol.asyncDispose]();
  await hub[Symbol.asyncDispose]();
});

async function enter(path: string) {
  const ticket = new URL((await hub.call(path, { redirect: "manual" })).headers.get("location") ?? "");
  return requestAs(hub.port, { host: ticket.host, path: ticket.pathname + ticket.search });
}

/** All that comes back on one connection, which a proxy before the hub uses for the next visitor too. */
async function onOneConnection(...paths: string[]): Promise<string> {
  const socket = connect(hub.port, "127.0.0.1");
  await once(socket, "connect");
  let text = "";
  let isClosed = false;
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
  socket.on("error", () => undefined);
  socket.once("close", () => (isClosed = true));
  for (const path of paths) socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nCookie: ${cookie}\r\n\r\n`);
  await until(() => isClosed || text.includes("THE END") || undefined, "the end");
  socket.destroy();
  return text;
}

test("an answer that is longer or shorter than it says takes its connection with it, so that it is no part of the next", async () => {
  machine.answers["/next"] = { status: 200, headers: [], body: "THE END" };
  const lies = (length: string, body: string, status = 200) => {
    machine.answers["/lies"] = { status, headers: [["content-length", length]], body };
    return onOneConnection("/lies", "/next");
  };
  expect(await lies("5", "hello")).toContain("THE END");
  expect(await lies("5", "helloHTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nINJECTED")).not.toMatch(/INJECTED|THE END/);
  expect(await lies("500", "short")).not.toContain("THE END");
  for (const length of ["5, 5", "0x5", "-1", "+5", "5 "]) {
    const text = await lies(length, "hello");
    expect(text.toLowerCase()).toContain("transfer-encoding: chunked");
    expect(text).toContain("THE END");
  }
  machine.answers["/lies"] = {
    status: 200,
    headers: [
      ["content-length", "5"],
      ["content-length", "6"],
    ],
    body: "hello",
  };
  expect((await onOneConnection("/lies", "/next")).toLowerCase().split("content-length").length).toBeLessThan(3);
  expect(await lies("5", "", 204)).toContain("THE END");
  expect(await lies("5", "", 304)).toContain("THE END");
});

test("a machine that gives credit for ever and reads nothing is given up, before it fills the memory", async () => {
  await using greedy = await scriptedTunnel(hub.port, await hub.token(), "greedy");
  const { clients } = await hub.json<{ clients: HubMachine[] }>("/clients");
  const id = clients.find(({ metadata }) => metadata.hostname === "greedy")?.id ?? "";
  const own = `${id}.localhost:${hub.port}`;
  const entered = await enter(`/clients/${id}/enter`);
  const entry = String(entered.headers["set-cookie"]).split(";", 1)[0] ?? "";
  const upload = httpRequest({
    port: hub.port,
    host: "127.0.0.1",
    path: "/upload",
    method: "POST",
    headers: { host: own, cookie: entry },
  });
  upload.on("error", () => undefined);
  upload.flushHeaders();
  upload.write("begins");
  const { stream } = await until(() => greedy.opened[0], "the upload");
  greedy.socket.socket.pause();
  const window = Buffer.alloc(9);
  window.writeUInt8(6, 0);
  window.writeUInt32BE(stream.id, 1);
  window.writeUInt32BE(MIB, 5);
  const chunk = Buffer.alloc(MIB);
  const ended = once(upload, "close");
  let sent = 0;
  const more = setInterval(() => {
    if (greedy.socket.socket.readyState === 1) greedy.socket.socket.send(window);
    if (upload.writableLength < 4 * MIB && !upload.destroyed && sent++ < 256) upload.write(chunk);
  }, 1);
  const [answer] = (await Promise.race([once(upload, "response"), ended.then(() => [undefined])])) as [
    { statusCode: number } | undefined,
  ];
  clearInterval(more);
  upload.destroy();
  expect(sent).toBeLessThan(256);
  expect([undefined, 502]).toContain(answer?.statusCode);
});

test("bodies and answers that are held whole are bounded for each person", async () => {
  const old = await oldMachine(hub.port, await hub.token(), "whole");
  const { clients } = await hub.json<{ clients: HubMachine[] }>("/clients");
  const id = clients.find(({ metadata }) => metadata.hostname === "whole")?.id ?? "";
  const path = `/clients/${id}/proxy/x`;
  const own = `localhost:${hub.port}`;
  // Each says that it brings 4 MiB, and does not bring them: three are all there is room for.
  const refusals: number[] = [];
  const begun = Array.from({ length: 4 }, () => {
    const headers = { host: own, "content-length": String(4 * MIB) };
    const asked = httpRequest({ port: hub.port, host: "127.0.0.1", path, method: "POST", headers });
    asked.on("error", () => undefined);
    asked.on("response", ({ statusCode }) => refusals.push(statusCode ?? 0));
    asked.write("x");
    return asked;
  });
  await until(() => refusals[0], "a refusal");
  expect(refusals).toEqual([503]);
  for (const asked of begun) asked.destroy();
  const post = () =>
    requestAs(hub.port, { host: own, path, method: "POST", body: "x".repeat(1000) }).catch(() => undefined);
  const answer = await until(async () => ((await post())?.status === 200 ? 200 : undefined), "room again");
  expect(answer).toBe(200);
  await old.socket[Symbol.asyncDispose]();
});

test("ids that no database can hold are ids of nothing", async () => {
  const statuses = [];
  for (const id of ["%00", "m%00%00", "%ff", "..%2f..", "%ed%a0%80", "x".repeat(5_000), "m0'--"]) {
    statuses.push((await hub.call(`/clients/${id}`)).status);
    for (const path of [`/api/tokens/${id}/revoke`, `/clients/${id}/disconnect`])
      statuses.push((await hub.call(path, { method: "POST" })).status);
    const claim = { method: "POST", body: '{"name":"x"}', headers: { "content-type": "application/json" } };
    statuses.push((await hub.call(`/api/pending/${id}/claim`, claim)).status);
  }
  expect(statuses.filter((status) => status !== 404 && status !== 400)).toEqual([]);
  await using browser = await hub.socket("/ws/connect?type=browser");
  for (const id of ["\0", "\ud800"]) browser.send({ type: "connect_client", client_id: id });
  browser.send({ type: "forward_to_client", client_id: "\0", request_id: "r", action: "x" });
  await until(() => browser.frames.length === 3 || undefined, "three answers");
  expect(browser.frames.filter(({ type }) => type === "error")).toEqual([]);
});
