import { afterAll, beforeAll, expect, test } from "vitest";
import type { HubMachine } from "../../src/contract/hub.ts";
import { hubWithPeople, type HubWithPeople } from "../support/hub-people.ts";
import { openSocket, testHub, until } from "../support/hub.ts";
import { oldMachine } from "../support/old-machine.ts";
import { tunnelMachine } from "../support/tunnel-machine.ts";

let people: HubWithPeople;
let cookie: string;
beforeAll(async () => {
  people = await hubWithPeople({ users: ["anna", "ben"], orgs: [], teams: [] });
  people.github.add({ id: 2, login: "anna", orgs: ["acme"], teams: [] });
  people.github.add({ id: 3, login: "ben", orgs: ["acme"], teams: [] });
  ({ cookie } = await people.signIn("anna"));
});
afterAll(() => people[Symbol.asyncDispose]());

async function annasOldMachine(hostname: string) {
  const machine = await oldMachine(people.hub.port, await people.tokenOf(cookie, hostname), hostname);
  const found = (await people.seenBy(cookie)).find(({ metadata }) => metadata.hostname === hostname);
  return { ...machine, id: found?.id ?? "" };
}

/** As the page of an old machine does it: asks where its socket is, and adds a path and a token of the machine. */
async function chatOf(id: string, { as = cookie, origin = `http://${people.host}` } = {}) {
  const info = JSON.parse((await people.ask(`/api/clients/${id}/ws-info`, { cookie })).body.toString()) as {
    ws_base: string;
  };
  expect(info.ws_base).toBe(`ws://${people.host}/clients/${id}/tunnel`);
  const url = `${info.ws_base}/ws?token=jwt.of.machine`.replace("localhost", "127.0.0.1");
  return openSocket(url, { headers: { host: people.host, cookie: as }, origin });
}

test("the page of an old machine chats through the hub, though the machine cannot be reached", async () => {
  const machine = await annasOldMachine("chatty");
  await using chat = await chatOf(machine.id);
  chat.send({ type: "claude-command", command: "hello", options: { cwd: "/p" } });
  await chat.frame("claude-complete");
  expect(chat.frames).toEqual([{ type: "session-created", sessionId: "s1" }, { type: "claude-complete" }]);
  chat.send({ type: "check-session-status", sessionId: "s1" });
  expect(await chat.frame("session-status")).toEqual({ type: "session-status", isProcessing: false });
  await until(() => machine.person.length === 4 || undefined, "what the machine was asked");
  expect(machine.person.map(({ action, payload }) => [action, payload])).toEqual([
    ["claude-command", { command: "hello", options: { cwd: "/p" } }],
    ["close", {}],
    ["check-session-status", { sessionId: "s1" }],
    ["close", {}],
  ]);
  expect(JSON.stringify(machine.person)).not.toContain("jwt.of.machine");
  await machine.socket[Symbol.asyncDispose]();
});

test("nothing of a chat stays at an old machine: not a permission that was given, nor what ran when the page was left", async () => {
  const machine = await annasOldMachine("leaving");
  const chat = await chatOf(machine.id);
  chat.send({ type: "claude-permission-response", requestId: "p1", allow: true });
  chat.send({ type: "claude-command", command: "wait" });
  await chat.frame("session-created");
  const actions = () => machine.person.map(({ action }) => action);
  expect(actions()).toEqual(["claude-permission-response", "close", "claude-command"]);
  await chat[Symbol.asyncDispose]();
  await until(() => actions().length === 4 || undefined, "the close");
  expect(machine.person[3]).toMatchObject({ action: "close", request_id: machine.person[2]?.["request_id"] });
  await machine.socket[Symbol.asyncDispose]();
});

test("the chat is for who may use the machine, from pages of the hub, and of the machine's sockets only that", async () => {
  const machine = await annasOldMachine("guarded");
  const ben = await people.signIn("ben");
  const base = `/clients/${machine.id}/tunnel`;
  const status = async (path: string, headers: Record<string, string>, origin?: string) =>
    (await people.hub.socket(path, { headers: { host: people.host, ...headers }, ...(origin && { origin }) })).status;
  expect(await status(`${base}/ws`, {})).toBe(401);
  expect(await status(`${base}/ws`, { cookie: ben.cookie })).toBe(404);
  expect(await status(`${base}/ws`, { cookie }, `http://${machine.id}.${people.host}`)).toBe(403);
  expect(await status(`${base}/ws`, { cookie }, "http://evil.example")).toBe(403);
  expect(await status(`${base}/shell`, { cookie })).toBe(503);
  const tunnelled = await tunnelMachine(people.hub.port, await people.tokenOf(cookie, "new"), (_req, res) => res.end());
  const { id } = (await people.seenBy(cookie)).find((it) => it.metadata.hostname === "tunnelled") as HubMachine;
  expect(await status(`/clients/${id}/tunnel/ws`, { cookie })).toBe(404);
  expect(machine.person).toEqual([]);
  await tunnelled[Symbol.asyncDispose]();
  await machine.socket[Symbol.asyncDispose]();
});

test("a chat ends with the sign-in, with the machine, and when it says too much; nonsense is told", async () => {
  const machine = await annasOldMachine("ending");
  await using chat = await chatOf(machine.id);
  for (const text of ["nonsense", "[]", "null", '{"type":7}', '{"type":"close"}', '{"type":"shell"}'])
    chat.socket.send(text);
  await until(() => chat.frames.length === 6 || undefined, "six refusals");
  expect(new Set(chat.frames.map(({ type }) => type))).toEqual(new Set(["error"]));
  expect(machine.person).toEqual([]);

  const guest = await people.signIn("anna");
  await using second = await chatOf(machine.id, { as: guest.cookie });
  await people.ask("/auth/logout", { cookie: guest.cookie }, "POST");
  await second.untilClosed();

  await using loud = await chatOf(machine.id);
  for (let index = 0; index < 300; index++) loud.send({ type: "nothing" });
  expect(await loud.untilClosed()).toMatchObject({ code: 1008 });

  await machine.socket[Symbol.asyncDispose]();
  expect(await chat.untilClosed()).toMatchObject({ code: 1012 });
});

test("where machines are not shown below the hub's address, there is no chat either", async () => {
  await using hub = await testHub({ pathProxy: false });
  const machine = await oldMachine(hub.port, await hub.token(), "own-origin");
  const { clients } = await hub.json<{ clients: HubMachine[] }>("/clients");
  const id = clients[0]?.id ?? "";
  expect(await hub.json(`/api/clients/${id}/ws-info`)).toMatchObject({ error: expect.any(String) });
  expect((await hub.socket(`/clients/${id}/tunnel/ws`)).status).toBe(404);
  await machine.socket[Symbol.asyncDispose]();
});
