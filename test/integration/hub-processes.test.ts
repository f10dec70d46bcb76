import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { HubMachine } from "../../src/contract/hub.ts";
import { testDatabase, type TestDatabase } from "../support/database.ts";
import { requestAs, type TestHub, testHub, until } from "../support/hub.ts";
import { oldMachine } from "../support/old-machine.ts";
import { tunnelMachine } from "../support/tunnel-machine.ts";

let database: TestDatabase;
let one: TestHub;
let two: TestHub;
beforeAll(async () => {
  database = await testDatabase();
  one = await testHub({}, { database, processId: "hub-one" });
  two = await testHub({}, { database, processId: "hub-two" });
});
afterAll(async () => {
  await two[Symbol.asyncDispose]();
  await one[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const machines = async (hub: TestHub) => (await hub.json<{ clients: HubMachine[] }>("/clients")).clients;
const idOf = async (hub: TestHub, hostname: string) =>
  (await machines(hub)).find((it) => it.metadata.hostname === hostname && it.is_connected)?.id ?? "";

/** The cookie of a browser that came into the machine's origin by this process. */
async function enter(hub: TestHub, id: string): Promise<{ host: string; cookie: string }> {
  const response = await hub.call(`/clients/${id}/enter`, { redirect: "manual" });
  const ticket = new URL(response.headers.get("location") ?? "");
  const entered = await requestAs(hub.port, { host: ticket.host, path: ticket.pathname + ticket.search });
  return { host: ticket.host, cookie: String(entered.headers["set-cookie"]).split(";", 1)[0] ?? "" };
}

test("a browser at one process sees a machine of the other change", async () => {
  await using browser = await two.socket("/ws/connect?type=browser");
  browser.send({ type: "get_clients" });
  await browser.frame("client_list");
  const machine = await oldMachine(one.port, await one.token(), "seen");
  await browser.frame("client_update", (frame) => (frame["client"] as HubMachine).metadata.hostname === "seen");
  machine.socket.send({ type: "status_update", client_id: machine.clientId, status: "busy" });
  await browser.frame("client_update", (frame) => (frame["client"] as HubMachine).metadata.status === "busy");
  await machine.socket[Symbol.asyncDispose]();
  expect(await browser.frame("client_disconnected")).not.toHaveProperty("removed");
});

test("a request, a WebSocket and a command find their machine through the other process", async () => {
  await using machine = await tunnelMachine(
    one.port,
    await one.token(),
    (req, res) => res.end(`you asked ${req.url}`),
    "far",
  );
  const { host, cookie } = await enter(two, await idOf(two, "far"));
  const answer = await requestAs(two.port, { host, path: "/x?y", headers: { cookie } });
  expect([answer.status, answer.body.toString()]).toEqual([200, "you asked /x?y"]);
  const posted = await requestAs(two.port, { host, path: "/post", method: "POST", headers: { cookie }, body: "hello" });
  expect(posted.body.toString()).toBe("you asked /post");

  const socket = new WebSocket(`ws://127.0.0.1:${two.port}/feed`, {
    headers: { host, cookie },
    origin: `http://${host}`,
  });
  await once(socket, "open");
  socket.send("over there");
  const [back] = (await once(socket, "message")) as [Buffer];
  expect(back.toString()).toBe("over there");
  socket.terminate();

  await two.json(`/clients/${await idOf(two, "far")}/command`, "POST", { command: "refresh_status" });
  expect(await machine.socket.frame("command")).toEqual({ type: "command", command: "refresh_status" });
});

test("what a person asks of a machine goes through the other process, and comes back piece by piece", async () => {
  const machine = await oldMachine(one.port, await one.token(), "asked");
  const id = await idOf(two, "asked");
  await using browser = await two.socket("/ws/connect?type=browser");
  browser.send({ type: "forward_to_client", client_id: id, request_id: "r1", action: "claude-command", payload: {} });
  const ended = await browser.frame("forwarded_response", (frame) => frame["complete"] === true);
  expect(ended).toMatchObject({ request_id: "r1" });
  expect(browser.frames.filter(({ type }) => type === "forwarded_response").length).toBeGreaterThan(1);
  await using chat = await two.socket(`/clients/${id}/tunnel/ws`);
  chat.send({ type: "check-session-status" });
  expect(await chat.frame("session-status")).toMatchObject({ isProcessing: false });
  await machine.socket[Symbol.asyncDispose]();
});

test("nobody else can say that they are a process of the hub", async () => {
  const forged = Buffer.from(JSON.stringify({ machineId: "x", until: Date.now() + 9_999 })).toString("base64url");
  for (const path of ["/.hub/ask", "/clients"]) {
    const answer = await requestAs(one.port, {
      host: `localhost:${one.port}`,
      path,
      headers: { "x-hub-hop": `${forged}.${forged}` },
    });
    expect(answer.status).toBe(403);
  }
});

test("a socket of the same machine at the other process takes the first one's place", async () => {
  const token = await one.token();
  const first = await one.socket(`/ws/connect?token=${token}`);
  const frame = {
    type: "register",
    client_id: "moved",
    user_token: "",
    metadata: { hostname: "moved", project: "/p" },
  };
  first.send(frame);
  await first.frame("registered");
  await using second = await two.socket(`/ws/connect?token=${token}`);
  second.send(frame);
  await second.frame("registered");
  expect(await first.untilClosed()).toMatchObject({ code: 4001 });
  expect((await machines(one)).filter((it) => it.metadata.hostname === "moved")).toMatchObject([
    { is_connected: true },
  ]);
});

test("machines of a process that died are shown as gone, by one that lives", async () => {
  const id = await (async () => {
    await using machine = await oldMachine(one.port, await one.token(), "orphan").then(({ socket }) => socket);
    const found = await idOf(one, "orphan");
    // As kill -9 leaves it: its row names a process that nobody hears of any more.
    await database.db.updateTable("hub.machines").set({ processId: "dead" }).where("id", "=", found).execute();
    await database.db
      .insertInto("hub.processes")
      .values({ id: "dead", url: "http://127.0.0.1:9", seenAt: new Date(Date.now() - 60_000) })
      .execute();
    await machine.untilClosed();
    return found;
  })();
  const found = await until(
    async () => (await machines(two)).find((it) => it.id === id && !it.is_connected),
    "the sweep",
  );
  expect(found.metadata.status).toBe("disconnected");
});
