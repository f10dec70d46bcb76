import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { testDatabase } from "./database.ts";
import { openServerPlace, type ServerProcess } from "./server-process.ts";

const READY_MS = 60_000;

export type HubProcess = Awaited<ReturnType<typeof startHubProcess>>;

/** `claude-orchestrator hub` as a process of its own, on a database that outlives it. */
export async function startHubProcess() {
  await using parts = new AsyncDisposableStack();
  const database = parts.use(await testDatabase());
  const place = parts.use(await openServerPlace());
  const port = await freePort();
  const ask = (path: string, init?: RequestInit) => fetch(`http://localhost:${port}${path}`, init);

  async function launch(): Promise<ServerProcess> {
    const values = { DATABASE_URL: database.connectionString, HUB_PORT: String(port), LOG_LEVEL: "warn" };
    const hub = place.launch(values, ["hub"]);
    const deadline = performance.now() + READY_MS;
    while (!(await ask("/health").catch(() => undefined))?.ok) {
      if (performance.now() > deadline) throw new Error(`the hub did not become ready:\n${hub.log()}`);
      await sleep(20);
    }
    return hub;
  }
  let hub = await launch();
  parts.defer(() => hub[Symbol.asyncDispose]());
  const kept = parts.move();

  async function json<T>(path: string, body?: unknown): Promise<T> {
    const headers = { "content-type": "application/json" };
    const response = await ask(path, body === undefined ? {} : { method: "POST", headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  }
  return {
    port,
    json,
    log: () => hub.log(),
    token: async () => (await json<{ token: string }>("/api/tokens", { name: "test" })).token,
    /** As if its power was cut: nothing is said to anybody, and nothing is written any more. */
    async kill(): Promise<void> {
      hub.signal("SIGKILL");
      await hub.exited();
    },
    async start(): Promise<void> {
      hub = await launch();
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
