import { once } from "node:events";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import type { HubConfig } from "../../src/config-hub.ts";
import { PROJECT_DIR } from "../../src/config.ts";
import { openListener } from "../../src/db/notify.ts";
import { startHub } from "../../src/hub/hub.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { tellOfMachines } from "../../src/subscriptions/tell-subscribers-queries.ts";
import { testDatabase, type TestDatabase } from "./database.ts";

const DASHBOARD = join(PROJECT_DIR, "dashboard", "dist");
export const HUB_SECRET = "test-secret-of-the-hub-0123456789abcdef";

const SETTINGS: HubConfig = {
  isServed: false,
  host: "127.0.0.1",
  port: 0,
  loopback: true,
  url: undefined,
  internalUrl: undefined,
  secret: HUB_SECRET,
  pathProxy: true,
  github: undefined,
  allowed: { users: [], orgs: [], teams: [] },
};

export type TestHub = Awaited<ReturnType<typeof testHub>>;

/** A hub in this process, of one local user unless GitHub is configured; on a database of its own unless one is given. */
export async function testHub(
  given: Partial<HubConfig> = {},
  { database, processId = "hub-1" }: { database?: TestDatabase; processId?: string } = {},
) {
  await using parts = new AsyncDisposableStack();
  const own = database ?? parts.use(await testDatabase());
  const log = createLogger(process.env["TEST_LOG_LEVEL"] ?? "silent");
  const launch = async (port: number) => {
    await using hubParts = new AsyncDisposableStack();
    const listener = hubParts.use(await openListener(own.connectionString, log));
    const config = { ...SETTINGS, port, ...given, ...(port !== 0 && { port }) };
    const hub = hubParts.use(
      await startHub({
        config,
        log,
        db: own.db,
        listener,
        processId,
        secret: HUB_SECRET,
        version: "0.0.0",
        tell: tellOfMachines,
        dashboardDir: DASHBOARD,
      }),
    );
    const kept = hubParts.move();
    return { url: hub.url, [Symbol.asyncDispose]: () => kept.disposeAsync() };
  };
  let hub = await launch(given.port ?? 0);
  parts.defer(() => hub[Symbol.asyncDispose]());
  const port = Number(new URL(hub.url).port);
  const kept = parts.move();
  const at = (path: string) => `http://127.0.0.1:${port}${path}`;

  const call = (path: string, init?: RequestInit) => fetch(`http://localhost:${port}${path}`, init);
  async function json<T>(path: string, method = "GET", body?: unknown): Promise<T> {
    const response = await call(path, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  return {
    url: hub.url,
    port,
    db: own.db,
    at,
    call,
    json,
    token: async (name = "test") => (await json<{ token: string }>("/api/tokens", "POST", { name })).token,
    socket: (path: string, options?: object) => openSocket(`ws://127.0.0.1:${port}${path}`, options),
    /** Ends the hub and starts it again at the same port. */
    async restart(downMs = 0) {
      await hub[Symbol.asyncDispose]();
      await sleep(downMs);
      hub = await launch(port);
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

export type Frame = Record<string, unknown> & { type: string };

/** A socket that remembers what it was told. */
export async function openSocket(url: string, options: object = {}) {
  const socket = new WebSocket(url, options);
  const frames: Frame[] = [];
  const binary: Buffer[] = [];
  const closed = { code: 0, reason: "" };
  socket.on("message", (data: Buffer, isBinary) => {
    if (isBinary) binary.push(data);
    else frames.push(JSON.parse(data.toString()) as Frame);
  });
  socket.on("close", (code, reason) => Object.assign(closed, { code, reason: reason.toString() }));
  const refused = new Promise<number>((resolve) => {
    socket.on("unexpected-response", (request, response) => {
      resolve(response.statusCode ?? 0);
      request.destroy();
    });
  });
  const opened = once(socket, "open").then(() => 101);
  const status = await Promise.race([opened, refused]);
  socket.on("error", () => undefined);
  return {
    status,
    socket,
    frames,
    binary,
    closed,
    send: (frame: object) => socket.send(JSON.stringify(frame)),
    /** The first frame of this type that fits, as soon as it is there. */
    frame: <T extends Frame = Frame>(type: string, fits: (frame: T) => boolean = () => true) =>
      until(() => frames.find((one) => one.type === type && fits(one as T)) as T | undefined, `a frame ${type}`),
    untilClosed: () => until(() => (socket.readyState === socket.CLOSED ? closed : undefined), "the close"),
    async [Symbol.asyncDispose]() {
      socket.terminate();
      await until(() => socket.readyState === socket.CLOSED || undefined, "the end");
    },
  };
}
export type TestSocket = Awaited<ReturnType<typeof openSocket>>;

/** What `look` finds, as soon as it finds something. */
export async function until<T>(look: () => T | undefined | Promise<T | undefined>, what: string): Promise<T> {
  const deadline = performance.now() + 15_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`${what} did not come`);
    await sleep(10);
  }
}

/** Any host name at the hub's port, since no name server knows a machine's. */
export async function requestAs(
  port: number,
  { host, path, method = "GET", headers = {}, body }: Asked,
): Promise<{ status: number; headers: Record<string, string | string[] | undefined>; body: Buffer }> {
  const request = httpRequest({ port, host: "127.0.0.1", path, method, headers: { host, ...headers } });
  request.end(body);
  const [response] = (await once(request, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
}
interface Asked {
  host: string;
  path: string;
  method?: string;
  headers?: Record<string, string>;
  body?: Buffer | string;
}
