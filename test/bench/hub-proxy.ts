import { fork } from "node:child_process";
import { once } from "node:events";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { cpus } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { HubMachine } from "../../src/contract/hub.ts";
import { type BenchHub, openBenchHub } from "./bench-hub.ts";
import { loadNow } from "./bench-server.ts";
import { load, type LoadResult } from "./http-load.ts";
import { percentile } from "./percentile.ts";
import { waitForQuiet } from "./quiet-machine.ts";

/**
 * A machine through the hub beside the same machine asked directly, in turn: node test/bench/hub-proxy.ts
 *   --seconds 3   of each window of small requests
 *   --rounds 3    of each; the middle one counts
 *   --mb 50       of the download
 *   --quiet 60    waits so many seconds before each round for a machine that does nothing else
 */
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "3" },
    rounds: { type: "string", default: "3" },
    mb: { type: "string", default: "50" },
    quiet: { type: "string", default: "3" },
  },
});
const CONNECTIONS = [1, 8, 32];
const SMALL = "/api/version";
const PATIENCE_MS = 60_000;

/** Where something is asked: a port, and what is said to be let in there. */
interface Place {
  port: number;
  headers: Record<string, string>;
}

/** A browser's way into the machine that calls itself so, once it is connected. */
async function enter({ port }: BenchHub, clientId: string): Promise<Place> {
  const hub = `http://localhost:${port}`;
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const { clients } = (await (await fetch(`${hub}/clients`)).json()) as { clients: HubMachine[] };
    const machine = clients.find((one) => one.client_id === clientId && one.is_connected);
    if (machine) {
      const { headers } = await fetch(`${hub}/clients/${machine.id}/enter`, { redirect: "manual" });
      const ticket = new URL(headers.get("location") ?? "");
      const place = { port, headers: { host: ticket.host } };
      const entered = await ask(place, ticket.pathname + ticket.search);
      const cookie = String(entered.headers["set-cookie"]).split(";", 1)[0] ?? "";
      return { port, headers: { host: ticket.host, cookie } };
    }
    if (Date.now() > deadline) throw new Error(`${clientId} did not connect`);
    await sleep(50);
  }
}

async function ask({ port, headers }: Place, path: string): Promise<IncomingMessage> {
  const request = httpRequest({ host: "127.0.0.1", port, path, headers });
  request.end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  response.resume();
  return response;
}

/** Megabytes a second, from the request to the last byte. */
async function download(place: Place, bytes: number): Promise<number> {
  const begun = performance.now();
  const response = await ask(place, `/${bytes}`);
  let received = 0;
  response.on("data", (chunk: Buffer) => (received += chunk.length));
  await once(response, "end");
  if (received !== bytes) throw new Error(`${received} bytes came, with status ${response.statusCode}`);
  return bytes / 1_000 / (performance.now() - begun);
}

function small({ port, headers }: Place, connections: number): Promise<LoadResult> {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const head = Buffer.from([`GET ${SMALL} HTTP/1.1`, ...lines, "", ""].join("\r\n"));
  return load({ port, connections, durationMs: Number(values.seconds) * 1_000, request: () => head, status: 200 });
}

/** One after the other in every round, so that what else this machine does weighs on both. */
async function inTurn<T>(direct: () => Promise<T>, proxied: () => Promise<T>): Promise<{ direct: T[]; proxied: T[] }> {
  const results = { direct: [] as T[], proxied: [] as T[] };
  for (let round = 0; round < Number(values.rounds); round++) {
    await waitForQuiet(Number(values.quiet) * 1_000);
    results.direct.push(await direct());
    results.proxied.push(await proxied());
  }
  return results;
}
const middle = (numbers: readonly number[]): number => percentile(numbers, 0.5);

const of = (which: readonly LoadResult[], pick: (one: LoadResult) => number) => middle(which.map(pick));

function rowOf(results: { direct: LoadResult[]; proxied: LoadResult[] }, connections: number): string {
  const times = (which: LoadResult[]) =>
    `${of(which, (one) => one.p50Ms).toFixed(1)} / ${of(which, (one) => one.p99Ms).toFixed(1)}`;
  const [direct, proxied] = [results.direct, results.proxied].map((which) => of(which, (one) => one.perSecond));
  const failed = [...results.direct, ...results.proxied].reduce((sum, one) => sum + one.failed, 0);
  const ratio = ((100 * (proxied ?? 0)) / (direct ?? 1)).toFixed(0);
  const slower = (of(results.proxied, (one) => one.p50Ms) / of(results.direct, (one) => one.p50Ms)).toFixed(1);
  const counts = `${direct?.toFixed(0)} | ${proxied?.toFixed(0)} | ${ratio} %`;
  return `| ${connections} | ${counts} | ${times(results.direct)} | ${times(results.proxied)} | ${slower} | ${failed} | ${loadNow()} |`;
}

await using parts = new AsyncDisposableStack();
console.log(`${cpus().length} cores, Node ${process.version}, before: ${loadNow()}\n`);
const hub = parts.use(await openBenchHub());
const machineOf = async (clientId: string) => ({
  ORCHESTRATOR_MODE: "client",
  ORCHESTRATOR_URL: `ws://127.0.0.1:${hub.port}/ws/connect`,
  ORCHESTRATOR_TOKEN: await hub.token(),
  ORCHESTRATOR_CLIENT_ID: clientId,
  RATE_LIMIT_PER_MINUTE: "1000000",
  LOG_LEVEL: "warn",
});

const app = parts.use(await hub.place.start({ ...(await machineOf("app")), LOG_LEVEL: "info" }));
const direct = { port: Number(new URL(app.url).port), headers: { host: new URL(app.url).host } };
const proxied = await enter(hub, "app");
for (const place of [direct, proxied]) await small(place, 8);
console.log(
  `\`GET ${SMALL}\` of the application:\n\n` +
    "| connections | requests/s direct | through the hub | ratio | p50 / p99 ms direct | through the hub | p50, times | failed | load |\n" +
    `|${"-|".repeat(9)}`,
);
for (const connections of CONNECTIONS) {
  const results = await inTurn(
    () => small(direct, connections),
    () => small(proxied, connections),
  );
  console.log(rowOf(results, connections));
}

const big = parts.adopt(
  fork(join(import.meta.dirname, "hub-proxy-machine.ts"), {
    env: hub.place.environment(await machineOf("big")),
    stdio: "inherit",
  }),
  async (child) => {
    child.disconnect();
    await once(child, "exit");
  },
);
const [{ port }] = (await once(big, "message")) as [{ port: number }];
const [bigDirect, bigProxied] = [{ port, headers: { host: "localhost" } }, await enter(hub, "big")];
const bytes = Number(values.mb) * 1_000_000;
for (const place of [bigDirect, bigProxied]) await download(place, bytes);
const speeds = await inTurn(
  () => download(bigDirect, bytes),
  () => download(bigProxied, bytes),
);
const shares = [speeds.direct, speeds.proxied].map(middle);
console.log(
  `\n${values.mb} MB, direct / through the hub: ${shares.map((one) => one.toFixed(0)).join(" / ")} MB/s` +
    ` (${((100 * (shares[1] ?? 0)) / (shares[0] ?? 1)).toFixed(0)} %), ${loadNow()}`,
);
