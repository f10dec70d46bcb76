import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { Router } from "express";
import request from "supertest";
import { afterEach, describe, expect, test } from "vitest";
import { route } from "../../src/http/route.ts";
import { openEventStream } from "../../src/http/sse.ts";
import { API_KEY, type Overrides, startTestServer, type TestServer } from "../support/http-server.ts";

const started: AsyncDisposable[] = [];
afterEach(async () => {
  for (const server of started.splice(0)) await server[Symbol.asyncDispose]();
});

async function start(overrides: Overrides = {}): Promise<TestServer> {
  const server = await startTestServer(overrides);
  started.push(server);
  return server;
}

/** Sends these bytes as they are and returns all that comes back until the server closes. */
async function raw({ port }: TestServer, bytes: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(bytes);
  return text(socket);
}

const upgrade = (to: string) =>
  `GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: ${to}\r\n\r\n`;

describe("starting", () => {
  test("a port that is taken is said in words", async () => {
    const { port } = await start();
    await expect(start({ settings: { port } })).rejects.toThrow(
      `Cannot listen on 127.0.0.1:${port}: another program listens there`,
    );
  });

  test("not on loopback it needs a key", async () => {
    await expect(start({ settings: { host: "0.0.0.0" } })).rejects.toThrow("set API_KEY");
    await expect(start({ settings: { host: "::" } })).rejects.toThrow("set API_KEY");
    await start({ settings: { host: "0.0.0.0", apiKeys: [API_KEY] } });
  });
});

describe("requests that are none", () => {
  test("headers that never end are cut off, and others are served meanwhile", async () => {
    const server = await start({ limits: { headersTimeoutMs: 300, requestTimeoutMs: 600, timeoutCheckMs: 50 } });
    const socket = connect(server.port, "127.0.0.1");
    socket.write("GET /health HTTP/1.1\r\nHost: localhost\r\n");
    const drip = setInterval(() => socket.writable && socket.write("X-Slow: 1\r\n"), 50);
    const answer = text(socket);
    expect((await request(server.url).get("/health")).status).toBe(200);
    const slow = await answer;
    clearInterval(drip);
    expect(slow).toContain("HTTP/1.1 408");
    expect(slow).toContain("application/problem+json");
  });

  test("a body that never ends is cut off", async () => {
    const server = await start({ limits: { headersTimeoutMs: 300, requestTimeoutMs: 600, timeoutCheckMs: 50 } });
    const head =
      "POST /api/things HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    expect(await raw(server, head)).toContain("HTTP/1.1 408");
  });

  test("too large headers and nonsense are answered as problems", async () => {
    const server = await start();
    expect(await raw(server, `GET / HTTP/1.1\r\nHost: localhost\r\nX-Big: ${"a".repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 [\s\S]*"statusCode":431/u,
    );
    expect(await raw(server, "NONSENSE\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 [\s\S]*"statusCode":400/u);
    expect(await raw(server, "GET /api/caller HTTP/1.1\r\nConnection: close\r\n\r\n")).toContain("HTTP/1.1 400");
  });

  test("two lengths, or a length and chunks, are refused: they smuggle requests through proxies", async () => {
    const server = await start();
    const head = "POST /api/things HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    expect(await raw(server, `${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`)).toContain("HTTP/1.1 400");
    expect(await raw(server, `${head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}`)).toContain(
      "HTTP/1.1 400",
    );
  });

  test("a WebSocket is declined with 426; an offer of HTTP/2 is ignored", async () => {
    const server = await start();
    expect(await raw(server, upgrade("websocket"))).toContain("HTTP/1.1 426");
    const socket = connect(server.port, "127.0.0.1");
    socket.write(upgrade("h2c"));
    expect(String((await once(socket, "data"))[0])).toContain("HTTP/1.1 200");
    socket.destroy();
  });
});

describe("large bodies", () => {
  test("a hook of 20 MB arrives whole, one of 33 MB is 413", async () => {
    const server = await start();
    const post = (bytes: number) =>
      request(server.url)
        .post("/api/hooks")
        .type("json")
        .send(`"${"a".repeat(bytes - 2)}"`);
    expect((await post(20_000_000)).body).toMatchObject({ length: 20_000_000 });
    const refused = await post(33 * 1024 * 1024 + 1024 * 1024);
    expect(refused.status).toBe(413);
    expect(refused.body).toMatchObject({
      code: "too_large",
      detail: expect.stringContaining("33554432 bytes") as string,
    });
  });

  test("a bomb of zeros in gzip is stopped at the limit", async () => {
    const { gzipSync } = await import("node:zlib");
    const server = await start();
    const response = await fetch(`${server.url}/api/hooks`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Content-Encoding": "gzip" },
      body: gzipSync(Buffer.alloc(40 * 1024 * 1024)),
    });
    expect(response.status).toBe(413);
  });
});

function slowRoutes(): { router: Router; release: () => void; signals: AbortSignal[] } {
  const router = Router();
  const gate = Promise.withResolvers<void>();
  const signals: AbortSignal[] = [];
  route(router, "GET /api/slow", { summary: "Slow" }, async ({ signal }) => {
    signals.push(signal);
    await gate.promise;
  });
  route(router, "GET /api/stream", { summary: "Stream", produces: "text/event-stream" }, ({ req, res }) => {
    openEventStream(req, res).send({ data: "first" });
  });
  return { router, release: gate.resolve, signals };
}

describe("stopping", () => {
  test("an answer under way is finished, an event stream is ended, a new connection is refused", async () => {
    const { router, release } = slowRoutes();
    const server = await startTestServer({ routers: [router] });
    const idle = connect(server.port, "127.0.0.1");
    await once(idle, "connect");
    const slow = fetch(`${server.url}/api/slow`);
    const stream = await fetch(`${server.url}/api/stream`);
    await sleep(50);
    const disposed = server[Symbol.asyncDispose]();
    expect(await stream.text()).toContain("data: first");
    await expect(fetch(`${server.url}/health`)).rejects.toThrow("fetch failed");
    release();
    expect((await slow).status).toBe(204);
    const before = Date.now();
    await disposed;
    expect(Date.now() - before, "kept-alive connections are not waited for").toBeLessThan(2_000);
    idle.destroy();
  });

  test("an answer that does not come is given up after the drain time", async () => {
    const { router, release } = slowRoutes();
    const server = await startTestServer({ routers: [router], limits: { drainMs: 200 } });
    const slow = fetch(`${server.url}/api/slow`).catch(() => "cut off");
    await sleep(50);
    const before = Date.now();
    await server[Symbol.asyncDispose]();
    expect(Date.now() - before).toBeLessThan(2_000);
    expect(await slow).toBe("cut off");
    release();
  });

  test("a handler hears that its client went away", async () => {
    const { router, release, signals } = slowRoutes();
    const server = await start({ routers: [router] });
    const client = new AbortController();
    const slow = fetch(`${server.url}/api/slow`, { signal: client.signal }).catch(() => "gone");
    while (signals.length === 0) await sleep(10);
    client.abort();
    expect(await slow).toBe("gone");
    while (signals[0]?.aborted === false) await sleep(10);
    expect(signals[0]?.aborted).toBe(true);
    release();
  });
});

describe("the dashboard's files", () => {
  test("before the build a page says so and reloads; then files, pages and caching are right", async () => {
    const folder = await mkdtemp(join(tmpdir(), "orchestrator-dist-"));
    const { url } = await start({ settings: { dashboardDir: folder } });
    const building = await request(url).get("/sessions/1").set("Accept", "text/html");
    expect(building.status).toBe(503);
    expect(building.text).toContain('http-equiv="refresh"');
    expect(building.text).not.toContain("<script");

    await mkdir(join(folder, "assets"));
    await writeFile(join(folder, "index.html"), "<!doctype html>INDEX");
    await writeFile(join(folder, "assets/app-1a2b.js"), "1");
    await writeFile(join(folder, "sw.js"), "2");
    await writeFile(join(folder, ".env"), "SECRET");
    const get = (path: string, accept = "text/html,*/*") => request(url).get(path).set("Accept", accept);
    for (const path of ["/", "/sessions/1", "/new"]) {
      const page = await get(path);
      expect([page.status, page.text, page.headers["cache-control"]]).toEqual([
        200,
        "<!doctype html>INDEX",
        "no-cache",
      ]);
    }
    expect((await get("/assets/app-1a2b.js")).headers["cache-control"]).toBe("public, max-age=31536000, immutable");
    expect((await get("/sw.js")).headers["cache-control"]).toBe("no-cache");
    for (const path of ["/assets/gone.js", "/.env", "/favicon.ico"]) {
      expect([path, (await get(path)).status]).toEqual([path, 404]);
    }
    for (const path of ["/..%2f..%2fetc/passwd", "/assets/..%2f..%2f..%2fetc/passwd", "/assets/%2e%2e/.env"]) {
      expect((await get(path, "*/*")).status).toBe(404);
    }
    expect((await get("/sessions/1", "application/json")).status).toBe(404);
    expect((await request(url).post("/sessions/1").send({})).status).toBe(404);
    await rm(folder, { recursive: true });
  });

  test("pages may load from here only, run no inline script and stand in no frame", async () => {
    const { url } = await start();
    const { headers } = await request(url).get("/");
    const policy = headers["content-security-policy"] ?? "";
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/https?:|upgrade-insecure-requests|unsafe-eval/u);
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["x-powered-by"]).toBeUndefined();
    expect(headers["strict-transport-security"]).toBeUndefined();
  });
});
