import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { HubMachine } from "../../src/contract/hub.ts";
import { type Frame, openSocket, requestAs, type TestHub, testHub, until } from "../support/hub.ts";
import { oldMachine } from "../support/old-machine.ts";

let hub: TestHub;
beforeAll(async () => {
  hub = await testHub();
});
afterAll(() => hub[Symbol.asyncDispose]());

const idOf = (hostname: string) =>
  until(async () => {
    const { clients } = await hub.json<{ clients: HubMachine[] }>("/clients");
    return clients.find((one) => one.metadata.hostname === hostname && one.is_connected)?.id;
  }, hostname);

interface Echo {
  path: string;
  headers: [string, string][];
  body?: string;
  query?: string;
  proxy_base?: string;
}
const json = (body: Buffer): Echo => JSON.parse(body.toString()) as Echo;
const at = (path: string, rest: { method?: string; headers?: Record<string, string>; body?: Buffer | string } = {}) =>
  requestAs(hub.port, { host: `localhost:${hub.port}`, path, ...rest });

test("an old machine is shown below the hub's address: real codes, bytes, and who is asking said last and by us", async () => {
  const machine = await oldMachine(hub.port, await hub.token(), "old-path");
  expect(machine.registered).not.toHaveProperty("capabilities");
  const id = await idOf("old-path");
  const base = `/clients/${id}/proxy`;

  const echo = json(
    (
      await at(`${base}/a%2Fb?q=1`, {
        headers: {
          "x-orchestrator-username": "mallory",
          cookie: "hub=secret; mine=1",
          "if-none-match": "x",
          "accept-encoding": "gzip",
          origin: `http://localhost:${hub.port}`,
          referer: `http://localhost:${hub.port}/dashboard`,
        },
      })
    ).body,
  );
  expect(echo).toMatchObject({ path: "/a%2Fb", query: "q=1", proxy_base: base });
  const names = echo.headers.map(([name]) => name.toLowerCase());
  for (const name of ["if-none-match", "accept-encoding", "origin", "referer"]) expect(names).not.toContain(name);
  expect(echo.headers.slice(-2)).toEqual([
    ["X-Orchestrator-User-Id", "local"],
    ["X-Orchestrator-Username", "local"],
  ]);
  expect(names.filter((name) => name === "x-orchestrator-username")).toHaveLength(1);
  expect(echo.headers).toContainEqual(["cookie", "mine=1"]);

  const icon = await at(`${base}/icon.png`);
  expect([...icon.body]).toEqual([0, 255, 128, 7]);
  expect(icon.headers).toMatchObject({ "content-type": "image/png", "content-length": "4" });
  expect(icon.headers).not.toHaveProperty("x-orch-encoding");
  expect(icon.headers).not.toHaveProperty("content-encoding");
  const made = await at(`${base}/created`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  expect(made).toMatchObject({ status: 201, headers: { "set-cookie": [`a=1; Path=${base}`] } });
  expect((await at(`${base}/gone`)).status).toBe(404);
  expect((await at(`${base}/x`, { method: "HEAD" })).status).toBe(200);
  expect((await at(`${base}/x`, { method: "PUT", body: Buffer.from([0xff, 0xfe, 0x00]) })).status).toBe(415);
  await machine.socket[Symbol.asyncDispose]();
});

test("path mode can be switched off; an origin of its own carries old machines too", async () => {
  await using own = await testHub({ pathProxy: false });
  const machine = await oldMachine(own.port, await own.token(), "old-own");
  const { clients } = await own.json<{ clients: HubMachine[] }>("/clients");
  const id = clients[0]?.id ?? "";
  const program = await requestAs(own.port, { host: `localhost:${own.port}`, path: `/clients/${id}/proxy/x` });
  expect(program.status).toBe(404);
  const ticket = new URL(
    (await own.call(`/clients/${id}/enter`, { redirect: "manual" })).headers.get("location") ?? "",
  );
  const entered = await requestAs(own.port, { host: ticket.host, path: ticket.pathname + ticket.search });
  const cookie = String(entered.headers["set-cookie"]).split(";", 1)[0] ?? "";
  const echo = json((await requestAs(own.port, { host: ticket.host, path: "/x", headers: { cookie } })).body);
  expect(echo.path).toBe("/x");
  expect(echo).not.toHaveProperty("proxy_base");
  await machine.socket[Symbol.asyncDispose]();
});

test("a machine that goes away in the middle of a request is answered for at once", async () => {
  const machine = await oldMachine(hub.port, await hub.token(), "old-gone");
  const base = `/clients/${await idOf("old-gone")}/proxy`;
  const answer = at(`${base}/silent`);
  await until(() => machine.asked.length > 0 || undefined, "the request");
  await machine.socket[Symbol.asyncDispose]();
  expect(await answer).toMatchObject({ status: 502 });
});

test("what a person asks of an old machine is completed and released, which it does not do itself", async () => {
  const machine = await oldMachine(hub.port, await hub.token(), "old-person");
  const id = await idOf("old-person");
  await using browser = await hub.socket("/ws/connect?type=browser");
  const ask = (requestId: string, action: string) =>
    browser.send({
      type: "forward_to_client",
      client_id: id,
      request_id: requestId,
      action,
      payload: { message: "hi" },
    });
  ask("r1", "claude-command");
  const last = await browser.frame(
    "forwarded_response",
    (frame) => frame["request_id"] === "r1" && frame["complete"] === true,
  );
  expect(last).toMatchObject({ client_id: id });
  expect(machine.person.map((frame) => frame["action"])).toEqual(["claude-command", "close"]);
  ask("r2", "rm-rf");
  const refused = await browser.frame("forwarded_response", (frame) => frame["request_id"] === "r2");
  expect(refused).toMatchObject({ complete: true, data: { error: true, message: "Unknown action: rm-rf" } });
  browser.send({ type: "connect_client", client_id: "m000000000000000" });
  expect(await browser.frame("connect_response")).toMatchObject({ success: false, message: "Client not found" });
  await machine.socket[Symbol.asyncDispose]();
});

test("every frame captured from the old client is taken as it should be", async () => {
  const lines = readFileSync("test/fixtures/orchestrator/frames.jsonl", "utf8").trim().split("\n");
  const frames = lines
    .map((line) => JSON.parse(line) as { dir: string; frame: Frame })
    .filter(({ dir, frame }) => dir === "client->hub" && typeof frame === "object")
    .map(({ frame }) => frame);
  expect(frames.length).toBeGreaterThan(50);
  await using socket = await hub.socket(`/ws/connect?token=${await hub.token()}`);
  let pings = 0;
  for (const frame of frames) {
    socket.send(frame);
    if (frame.type === "ping") pings += 1;
  }
  await until(() => socket.frames.filter(({ type }) => type === "pong").length === pings || undefined, "all pongs");
  await socket.frame("registered");
  // Registered once, whatever else was in it; nothing of it is an error, nothing closes the socket.
  expect(socket.frames.filter(({ type }) => type === "registered")).toHaveLength(1);
  expect(socket.frames.filter(({ type }) => type === "error")).toEqual([]);
  expect(socket.socket.readyState).toBe(socket.socket.OPEN);
});

test("a machine without a token waits under its own id, is claimed by whom it named, and comes back with its token", async () => {
  const url = `ws://127.0.0.1:${hub.port}/ws/pending`;
  expect((await openSocket(url)).status).toBe(400);
  await using waiting = await openSocket(`${url}?user=octocat`);
  waiting.send({
    type: "pending_register",
    pending_id: "pending_1_abc",
    hostname: "new\u0007box",
    project: "/p",
    platform: "linux",
    code: "ABCD-1234",
  });
  expect(await waiting.frame("pending_registered")).toMatchObject({ success: true, pending_id: "pending_1_abc" });
  waiting.send({ type: "ping", client_id: "newbox-1" });
  expect(await waiting.frame("pong")).toEqual({ type: "pong", client_id: "newbox-1" });

  const [listed] = await hub.json<{ id: string }[]>("/api/pending");
  expect(listed).toMatchObject({ hostname: "new box", code: "ABCD-1234" });
  const claimed = await hub.json<{ token_id: string }>(`/api/pending/${listed?.id}/claim`, "POST", { name: "new box" });
  const granted = await waiting.frame("token_granted");
  expect(granted).toMatchObject({ pending_id: "pending_1_abc", client_id: expect.stringMatching(/^[0-9a-f]{16}$/) });
  expect(String(granted["token"])).toMatch(new RegExp(`^ao_${claimed.token_id}_[0-9a-f]{64}$`));
  const machine = await oldMachine(hub.port, String(granted["token"]), "new-box");
  expect(machine.registered).toMatchObject({ success: true });
  await machine.socket[Symbol.asyncDispose]();
  await waiting[Symbol.asyncDispose]();
  await until(async () => ((await hub.json<[]>("/api/pending")).length === 0 ? true : undefined), "its end");
});
