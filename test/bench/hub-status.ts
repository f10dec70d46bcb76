import { once } from "node:events";
import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { WebSocket } from "ws";
import type { HubMachine } from "../../src/contract/hub.ts";
import { type BenchHub, cpuOf, openBenchHub } from "./bench-hub.ts";
import { loadNow } from "./bench-server.ts";
import { openFleet } from "./machine-fleet.ts";
import { percentile } from "./percentile.ts";
import { waitForQuiet } from "./quiet-machine.ts";

/**
 * How soon a browser at the hub sees that a machine's status changed, and what one change costs: node test/bench/hub-status.ts
 *   --machines 1000   connected in the second half; the first is with one. More than rate × a change's time, so that none
 *                     changes again before it was seen
 *   --changes 300     one after the other, for the time each takes
 *   --rate 50         changes a second, of machines in turn, for what each costs
 *   --seconds 15      of that
 *   --quiet 60        waits so many seconds for a machine that does nothing else
 */
const { values } = parseArgs({
  options: {
    machines: { type: "string", default: "1000" },
    changes: { type: "string", default: "300" },
    rate: { type: "string", default: "50" },
    seconds: { type: "string", default: "15" },
    quiet: { type: "string", default: "3" },
  },
});
const PATIENCE_MS = 30_000;
const GAP_MS = 40;

type Status = "idle" | "busy";

/** A page of the hub: waits for changes of status. */
async function openBrowser(port: number) {
  const socket = new WebSocket(`ws://localhost:${port}/ws/connect?type=browser`, { perMessageDeflate: false });
  const waiting = new Map<string, () => void>();
  const seen = new Map<string, string>();
  const { promise: isListed, resolve: listed } = Promise.withResolvers<void>();
  socket.on("message", (data: Buffer) => {
    const frame = JSON.parse(data.toString()) as { type: string; client?: HubMachine };
    if (frame.type === "client_list") listed();
    if (frame.type !== "client_update" || !frame.client) return;
    const { client_id: name, metadata } = frame.client;
    seen.set(name, metadata.status);
    waiting.get(`${name} ${metadata.status}`)?.();
  });
  await once(socket, "open");
  socket.send(JSON.stringify({ type: "get_clients" }));
  await isListed;
  return {
    seen,
    sees: (name: string, status: Status) =>
      new Promise<void>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`${name} was not seen ${status}`)), PATIENCE_MS);
        waiting.set(`${name} ${status}`, () => {
          clearTimeout(late);
          waiting.delete(`${name} ${status}`);
          resolve();
        });
      }),
    [Symbol.dispose]: () => socket.terminate(),
  };
}

await waitForQuiet(Number(values.quiet) * 1_000);
console.log(`${cpus().length} cores, ${loadNow()}, Node ${process.version}`);
await using hub = await openBenchHub();
await using fleet = await openFleet(hub);
await fleet.growTo(1);
using browser = await openBrowser(hub.port);

async function timeChanges(): Promise<string> {
  const times: number[] = [];
  for (let change = 0; change < Number(values.changes); change++) {
    const machine = fleet.machines[change % fleet.machines.length];
    if (!machine) throw new Error("no machine");
    const status = browser.seen.get(machine.name) === "busy" ? "idle" : "busy";
    const isSeen = browser.sees(machine.name, status);
    const begun = performance.now();
    machine.report(status);
    await isSeen;
    times.push(performance.now() - begun);
    await sleep(Math.random() * GAP_MS);
  }
  const shares = [0.5, 0.95, 0.99].map((share) => percentile(times, share).toFixed(1)).join(" / ");
  return `${fleet.machines.length} connected, n = ${times.length}: p50 / p95 / p99 ${shares} ms, ${loadNow()}`;
}

async function costOfChanges(rate: number, seconds: number): Promise<string> {
  const idle = await cpuDuring(hub, () => sleep(seconds * 1_000));
  const busy = await cpuDuring(hub, async () => {
    const begun = performance.now();
    const seen: Promise<void>[] = [];
    for (let change = 0; change < rate * seconds; change++) {
      const machine = fleet.machines[change % fleet.machines.length];
      if (!machine) throw new Error("no machine");
      const status = browser.seen.get(machine.name) === "busy" ? "idle" : "busy";
      seen.push(browser.sees(machine.name, status));
      machine.report(status);
      await sleep(Math.max(0, begun + ((change + 1) * 1_000) / rate - performance.now()));
    }
    await Promise.all(seen);
  });
  const each = (after: number, before: number): string =>
    (((after - before * (busy.ms / idle.ms)) * 1_000) / (rate * seconds)).toFixed(0);
  const costs = `${each(busy.nodeMs, idle.nodeMs)} / ${each(busy.postgresMs, idle.postgresMs)}`;
  return `${rate * seconds} changes at ${rate}/s, all seen: CPU us each, hub / PostgreSQL ${costs}, ${loadNow()}`;
}

async function cpuDuring(of: BenchHub, work: () => Promise<unknown>) {
  const [before, begun] = [await cpuOf(of), performance.now()];
  await work();
  const [after, ms] = [await cpuOf(of), performance.now() - begun];
  return { ms, nodeMs: after.nodeMs - before.nodeMs, postgresMs: after.postgresMs - before.postgresMs };
}

await timeChanges();
console.log(await timeChanges());
await fleet.growTo(Number(values.machines));
console.log(await timeChanges());
console.log(await costOfChanges(Number(values.rate), Number(values.seconds)));
