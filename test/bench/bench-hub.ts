import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { removeDataDir, serverProcesses } from "../support/embedded-server.ts";
import type { ServerPlace, ServerProcess } from "../support/server-process.ts";
import { openBenchPlace } from "./bench-server.ts";

const READY_MS = 120_000;
const TICKS_PER_SECOND = 100;

export interface BenchHub extends AsyncDisposable {
  place: ServerPlace;
  port: number;
  /** Where its database is. */
  dataDir: string;
  pid(): number;
  token(): Promise<string>;
  health(): Promise<{ here: { machines: number } } | undefined>;
  /** As if its power was cut; started again at once. Returns the milliseconds until it answers. */
  killAndStart(): Promise<number>;
}

/** `claude-orchestrator hub` as a process of its own, with an embedded database. */
export async function openBenchHub(): Promise<BenchHub> {
  await using parts = new AsyncDisposableStack();
  const place = parts.use(await openBenchPlace());
  const dataDir = join(place.dataDir, "hub");
  parts.defer(() => removeDataDir(dataDir));
  const port = await freePort();
  const at = (path: string, init?: RequestInit) => fetch(`http://localhost:${port}${path}`, init);
  const health = async () => {
    const response = await at("/health").catch(() => undefined);
    return response?.ok ? ((await response.json()) as { here: { machines: number } }) : undefined;
  };
  async function launch(): Promise<ServerProcess> {
    const hub = place.launch({ HUB_PORT: String(port), LOG_LEVEL: "warn" }, ["hub"]);
    const deadline = Date.now() + READY_MS;
    while (!(await health())) {
      if (Date.now() > deadline) throw new Error(`the hub did not become ready:\n${hub.log()}`);
      await sleep(20);
    }
    return hub;
  }
  let hub = await launch();
  parts.defer(() => hub[Symbol.asyncDispose]());
  const kept = parts.move();
  return {
    place,
    port,
    dataDir,
    pid: () => hub.pid,
    async token() {
      const headers = { "content-type": "application/json" };
      const response = await at("/api/tokens", { method: "POST", headers, body: JSON.stringify({ name: "bench" }) });
      if (!response.ok) throw new Error(`no token: ${response.status} ${await response.text()}`);
      return ((await response.json()) as { token: string }).token;
    },
    health,
    async killAndStart() {
      const begun = performance.now();
      hub.signal("SIGKILL");
      await hub.exited();
      hub = await launch();
      return performance.now() - begun;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address ? address.port : 0;
}

/** CPU time used so far, in milliseconds: of the hub's process, and of all of its database; Linux only. */
export async function cpuOf({ pid, dataDir }: Pick<BenchHub, "pid" | "dataDir">) {
  const servers = await serverProcesses(dataDir);
  const parts = await Promise.all(servers.map((one) => ticks(one).catch(() => 0)));
  const toMs = 1_000 / TICKS_PER_SECOND;
  return { nodeMs: (await ticks(pid())) * toMs, postgresMs: parts.reduce((sum, one) => sum + one, 0) * toMs };
}

/** Fields 14 to 17 of stat: its own time, and that of its children which have ended. */
async function ticks(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
}
