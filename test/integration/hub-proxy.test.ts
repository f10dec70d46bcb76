import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, request as httpRequest, type RequestListener } from "node:http";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { HubMachine } from "../../src/contract/hub.ts";
import { requestAs, type TestHub, testHub, until } from "../support/hub.ts";
import { tunnelMachine } from "../support/tunnel-machine.ts";

const BIG = randomBytes(20 * 1024 * 1024);
const sha = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
let aborted = 0;

const app: RequestListener = (req, res) => {
  const path = req.url?.split("?", 1)[0];
  if (path === "/big") return void res.writeHead(200, { "content-type": "application/octet-stream" }).end(BIG);
  if (path === "/echo") {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => {
      res.writeHead(
        201,
        [
          ["set-cookie", "a=1; Domain=localhost; Path=/"],
          ["set-cookie", "b=2"],
          ["set-cookie", "hub=evil"],
        ].flat(),
      );
      res.end(
        JSON.stringify({ method: req.method, url: req.url, headers: req.headers, sha: sha(Buffer.concat(chunks)) }),
      );
    });
    return;
  }
  if (path === "/events") {
    res.writeHead(200, { "content-type": "text/event-stream" });
    res.write("data: one\n\n");
    res.on("close", () => (aborted += 1));
    return;
  }
  if (path === "/304") return void res.writeHead(304, { etag: '"x"' }).end();
  if (path === "/redirect") return void res.writeHead(302, { location: "/echo" }).end();
  res.writeHead(404, { "content-type": "text/plain" }).end("nothing here");
};

let hub: TestHub;
let machine: Awaited<ReturnType<typeof tunnelMachine>>;
let host: string;
let cookie: string;
let id: string;

beforeAll(async () => {
  hub = await testHub();
  machine = await tunnelMachine(hub.port, await hub.token(), app);
  id = ((await hub.json<{ clients: HubMachine[] }>("/clients")).clients[0] as HubMachine).id;
  host = `${id}.localhost:${hub.port}`;
  const ticket = await ticketTo("/echo?first");
  const entered = await requestAs(hub.port, { host, path: ticket.pathname + ticket.search });
  cookie = String(entered.headers["set-cookie"]).split(";", 1)[0] ?? "";
});
afterAll(async () => {
  await machine[Symbol.asyncDispose]();
  await hub[Symbol.asyncDispose]();
});

async function ticketTo(path: string): Promise<URL> {
  const response = await hub.call(`/clients/${id}/enter?to=${encodeURIComponent(path)}`, { redirect: "manual" });
  expect(response.status).toBe(303);
  const to = new URL(response.headers.get("location") ?? "");
  expect(to.host).toBe(host);
  return to;
}

const get = (path: string, headers: Record<string, string> = {}) =>
  requestAs(hub.port, { host, path, headers: { cookie, ...headers } });

test("the hub says which extensions it uses, and by which key it signs", () => {
  expect(machine.registered).toMatchObject({
    success: true,
    capabilities: ["tunnel-1", "reports-1"],
    identity_keys: [{ kty: "OKP", crv: "Ed25519" }],
  });
});

test("a ticket is good once, for its machine only", async () => {
  const ticket = await ticketTo("/");
  const first = await requestAs(hub.port, { host, path: ticket.pathname + ticket.search });
  expect(first).toMatchObject({ status: 303, headers: { location: "/" } });
  expect(first.headers["set-cookie"]).toBeDefined();
  const again = await requestAs(hub.port, { host, path: ticket.pathname + ticket.search });
  expect(again).toMatchObject({ status: 303, headers: { location: expect.stringContaining("/enter?to=") } });
  expect(again.headers["set-cookie"]).toBeUndefined();
});

test("who is in at one machine is in at no other: each has a cookie and storage of its own", async () => {
  const ticket = await ticketTo("/");
  const entered = await requestAs(hub.port, { host, path: ticket.pathname + ticket.search });
  expect(String(entered.headers["set-cookie"])).not.toMatch(/domain/iu);
  await using other = await tunnelMachine(hub.port, await hub.token(), app, "other");
  const { clients } = await hub.json<{ clients: HubMachine[] }>("/clients");
  const otherId = clients.find(({ metadata }) => metadata.hostname === "other")?.id ?? "";
  const otherHost = `${otherId}.localhost:${hub.port}`;
  const foreignCookie = await requestAs(hub.port, { host: otherHost, path: "/none", headers: { cookie } });
  const next = await ticketTo("/");
  const foreignTicket = await requestAs(hub.port, { host: otherHost, path: next.pathname + next.search });
  expect(foreignCookie.status).toBe(401);
  expect(foreignTicket.headers["set-cookie"]).toBeUndefined();
  expect(other.opened).toEqual([]);
});

test("without a ticket a page is sent to the hub and a program is refused", async () => {
  const page = await requestAs(hub.port, { host, path: "/x?y", headers: { accept: "text/html" } });
  expect(page).toMatchObject({
    status: 302,
    headers: { location: `http://localhost:${hub.port}/clients/${id}/enter?to=%2Fx%3Fy` },
  });
  const program = await requestAs(hub.port, { host, path: "/x", headers: { "sec-fetch-mode": "cors" } });
  expect(program.status).toBe(401);
});

test("methods, status codes, bytes, cookies and redirects pass as they are", async () => {
  const body = randomBytes(300_000);
  const answer = await requestAs(hub.port, {
    host,
    path: "/echo?a=%2F",
    method: "PUT",
    headers: { cookie: `${cookie}; theirs=1; hub=secret`, "x-orchestrator-username": "mallory", "content-type": "x/y" },
    body,
  });
  const seen = JSON.parse(answer.body.toString()) as { method: string; url: string; sha: string; headers: object };
  expect(answer.status).toBe(201);
  expect(seen).toMatchObject({ method: "PUT", url: "/echo?a=%2F", sha: sha(body) });
  expect(seen.headers).toMatchObject({ cookie: "theirs=1", "content-type": "x/y" });
  expect(seen.headers).not.toHaveProperty("x-orchestrator-username");
  expect(answer.headers["set-cookie"]).toEqual(["a=1; Path=/", "b=2"]);
  expect(await get("/304")).toMatchObject({ status: 304, headers: { etag: '"x"' } });
  expect(await get("/redirect")).toMatchObject({ status: 302, headers: { location: "/echo" } });
  expect(await get("/none")).toMatchObject({ status: 404 });
  const head = await requestAs(hub.port, { host, path: "/big", method: "HEAD", headers: { cookie } });
  expect(head).toMatchObject({ status: 200, headers: { "content-type": "application/octet-stream" } });
});

test("each request says who is asking, signed for this machine", async () => {
  await get("/none");
  const claims = decodeJwt(machine.opened.at(-1)?.identity ?? "");
  expect(claims).toMatchObject({ sub: "local", login: "local", aud: "tunnelled" });
});

test("20 MB pass unchanged", async () => {
  const answer = await get("/big");
  expect(sha(answer.body)).toBe(sha(BIG));
});

test("events arrive as they are written, and a browser that leaves ends them at the machine", async () => {
  const request = httpRequest({ port: hub.port, host: "127.0.0.1", path: "/events", headers: { host, cookie } });
  request.end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  const [chunk] = (await once(response, "data")) as [Buffer];
  expect(chunk.toString()).toBe("data: one\n\n");
  response.on("error", () => undefined);
  request.destroy();
  await until(() => aborted === 1 || undefined, "the end of the events");
});

test("a WebSocket passes, from the machine's own pages only", async () => {
  const connect = (origin: string) =>
    new WebSocket(`ws://127.0.0.1:${hub.port}/feed`, { headers: { host, cookie }, origin });
  const socket = connect(`http://${host}`);
  await once(socket, "open");
  const bytes = randomBytes(200_000);
  socket.send(bytes);
  const [back] = (await once(socket, "message")) as [Buffer];
  expect(sha(back)).toBe(sha(bytes));
  socket.close();
  const foreign = connect(`http://localhost:${hub.port}`);
  foreign.on("error", () => undefined);
  const [, refusal] = (await once(foreign, "unexpected-response")) as [unknown, IncomingMessage];
  expect(refusal.statusCode).toBe(403);
});

test("pages of one machine cannot ask the hub, nor another machine", async () => {
  const origin = `http://${host}`;
  const atHub = await hub.call("/api/tokens", {
    method: "POST",
    headers: { origin, "content-type": "application/json" },
    body: '{"name":"x"}',
  });
  expect(atHub.status).toBe(403);
  const reading = await hub.call("/clients", { headers: { "sec-fetch-site": "same-site", "sec-fetch-mode": "cors" } });
  expect(reading.status).toBe(403);
  const sibling = await get("/echo", { origin: `http://m${"0".repeat(15)}.localhost:${hub.port}` });
  expect(sibling.status).toBe(403);
});

test("path mode leads machines with the extension to their own origin", async () => {
  const response = await requestAs(hub.port, {
    host: `localhost:${hub.port}`,
    path: `/clients/${id}/proxy/x?y`,
    headers: { accept: "text/html" },
  });
  expect(response).toMatchObject({ status: 302, headers: { location: `http://${host}/x?y` } });
});

test("a machine that goes away is 503", async () => {
  await machine.socket[Symbol.asyncDispose]();
  const answer = await until(async () => {
    const found = await get("/none");
    return found.status === 503 ? found : undefined;
  }, "503");
  expect(JSON.parse(answer.body.toString())).toMatchObject({ error: "Client not connected" });
});
