import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { io, type Socket } from "socket.io-client";
import { createWhoIsAsking } from "../../src/auth/who-is-asking.ts";
import { createDatabase } from "../../src/db/database.ts";
import { openListener } from "../../src/db/notify.ts";
import { startServer } from "../../src/http/server.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { openOrchestration } from "../../src/orchestration/orchestration.ts";
import { openServerPlace, type ServerProcess } from "./server-process.ts";

export interface OrchestrationServer extends AsyncDisposable {
  url: string;
  port: number;
}

const WAIT_MS = 20_000;
const nudge = () => Promise.resolve();
const refuse = () => Promise.reject(new Error("no templates here"));
const noTemplates = { sessions: { prepare: refuse }, templates: { get: refuse } };
const verifyRunToken = () => Promise.resolve(undefined);

/** A server with nothing but orchestration: several of them on one database are several processes to it. */
export async function orchestrationServer(
  connectionString: string,
  { port = 0, apiKeys = [] }: { port?: number; apiKeys?: string[] } = {},
): Promise<OrchestrationServer> {
  await using parts = new AsyncDisposableStack();
  const log = createLogger("silent");
  const settings = {
    host: "127.0.0.1",
    port,
    allowedHosts: [],
    apiKeys,
    rateLimitPerMinute: 100_000,
    dashboardDir: "/nonexistent",
  };
  const who = createWhoIsAsking({ ...settings, verifyRunToken });
  const db = createDatabase(connectionString);
  parts.defer(() => db.destroy());
  const listener = parts.use(await openListener(connectionString, log));
  const orchestration = parts.use(
    await openOrchestration({ db, listener, log, nudge, who, maxDesired: 20, ...noTemplates }),
  );
  const server = parts.use(
    await startServer({
      settings,
      version: "0.0.0",
      log,
      verifyRunToken,
      who,
      openRouters: orchestration.openRouters,
      hookRouters: [],
      routers: orchestration.routers,
      socketDoors: [orchestration.socketDoor],
    }),
  );
  const kept = parts.move();
  return { url: server.url, port: server.port, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

export interface ServerPair extends AsyncDisposable {
  readonly one: ServerProcess;
  /** Another one after `restartTwo`, at the same address. */
  readonly two: ServerProcess;
  /** Kills the second, does something, and starts it again. */
  restartTwo(meanwhile: () => Promise<unknown>): Promise<void>;
}

/** Two processes of the whole server on one database. */
export async function serverPair(connectionString: string): Promise<ServerPair> {
  await using parts = new AsyncDisposableStack();
  const place = parts.use(await openServerPlace());
  const start = (name: string, port = "0") =>
    place.start({
      DATABASE_URL: connectionString,
      DATA_DIR: join(place.folder, name),
      API_PORT: port,
      RATE_LIMIT_PER_MINUTE: "100000",
    });
  const started = await Promise.allSettled([start("one"), start("two")]);
  for (const each of started) if (each.status === "fulfilled") parts.use(each.value);
  const [one, first] = started.map((each) => {
    if (each.status === "rejected") throw each.reason;
    return each.value;
  });
  if (!one || !first) throw new Error("there are no two servers");
  let two = first;
  const kept = parts.move();
  return {
    one,
    get two() {
      return two;
    },
    async restartTwo(meanwhile) {
      const { port } = new URL(two.url);
      two.signal("SIGKILL");
      await two.exited();
      await meanwhile();
      two = kept.use(await start("two", port));
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

export interface Heard {
  event: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever came over the wire
  payload: any;
}

export interface Editor extends Disposable {
  socket: Socket;
  /** All that came, in order. */
  heard: Heard[];
  of(event: string): Heard["payload"][];
  /** The first payload of the event, from `from` on, that fits. */
  until(event: string, fits?: (payload: Heard["payload"]) => boolean, from?: number): Promise<Heard["payload"]>;
}

/** How each published version of the editor dials. */
export const DIALS = {
  "v1 and v4, by namespace": (url: string) => [`${url}/orchestration`, {}] as const,
  "v3, by path": (url: string) => [url, { path: "/orchestration" }] as const,
  "web, by the usual path": (url: string) => [url, { path: "/socket.io" }] as const,
} as const;

const OPTIONS = {
  transports: ["websocket", "polling"],
  reconnection: true,
  reconnectionDelay: 1_000,
  reconnectionDelayMax: 30_000,
  reconnectionAttempts: Infinity,
  forceNew: true,
};

/** An editor that subscribes with each connection, as the published ones do. */
export function editor(
  url: string,
  workspaceId: string | undefined,
  {
    dial = DIALS["v3, by path"],
    ...more
  }: { dial?: (url: string) => readonly [string, object]; [option: string]: unknown } = {},
): Editor {
  const [to, options] = dial(url);
  const socket = io(to, { ...OPTIONS, ...options, ...more });
  const heard: Heard[] = [];
  socket.onAny((event: string, payload: unknown) => heard.push({ event, payload }));
  if (workspaceId !== undefined) socket.on("connect", () => socket.emit("subscribe", { workspaceId }));
  const of = (event: string) => heard.filter((one) => one.event === event).map(({ payload }) => payload as unknown);
  return {
    socket,
    heard,
    of,
    async until(event, fits = () => true, from = 0) {
      const deadline = Date.now() + WAIT_MS;
      for (;;) {
        const found = of(event)
          .slice(from)
          .find((payload) => fits(payload));
        if (found !== undefined) return found;
        if (Date.now() > deadline)
          throw new Error(
            `no ${event} that fits; heard ${JSON.stringify(heard.slice(-5))} connected ${socket.connected}`,
          );
        await sleep(10);
      }
    },
    [Symbol.dispose]: () => void socket.disconnect(),
  };
}

/** One write or read of the API; answers with status, body and ETag. */
export async function ask(
  url: string,
  path: string,
  { method = "GET", body, headers = {} }: { method?: string; body?: unknown; headers?: Record<string, string> } = {},
) {
  const json = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { "content-type": "application/json", ...headers },
    ...json,
  });
  // oxlint-disable-next-line typescript/no-explicit-any -- each route answers with another shape
  const answer = (await response.json()) as any;
  return { status: response.status, body: answer, etag: response.headers.get("etag") };
}

export const workspacePath = (id: string): string => `/api/orchestration/workspace/${encodeURIComponent(id)}`;

export const setDesired = (url: string, id: string, desired: unknown, headers: Record<string, string> = {}) =>
  ask(url, `${workspacePath(id)}/desired`, { method: "PUT", body: { desired }, headers });
