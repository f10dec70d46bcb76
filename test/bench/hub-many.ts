import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type BenchHub, cpuOf, openBenchHub } from "./bench-hub.ts";
import { footprint, loadNow } from "./bench-server.ts";
import { type Fleet, openFleet } from "./machine-fleet.ts";
import { waitForQuiet } from "./quiet-machine.ts";

/**
 * What machines that do nothing cost one hub process, and how they come back when it is killed and started again:
 *   ulimit -n 20000; node test/bench/hub-many.ts
 *   --machines 1000,5000,10000   measured at each of these; two files open for each machine, one here and one in the hub
 *   --idle 40                    seconds over which the CPU of idle machines is measured
 *   --tokens 100                 which the machines share evenly
 *   --addresses 100              where the machines seem to come from; absent, each has an address of its own
 *   --quiet 60                   waits so many seconds for a machine that does nothing else
 */
const { values } = parseArgs({
  options: {
    machines: { type: "string", default: "1000,5000,10000" },
    idle: { type: "string", default: "40" },
    tokens: { type: "string", default: "100" },
    addresses: { type: "string" },
    quiet: { type: "string", default: "3" },
  },
});
const idleSeconds = Number(values.idle);
const SETTLE_MS = 3_000;
const SHARES = [0.5, 0.95, 1];

/** Share of one core, in percent, over the idle window. */
async function idleCpu(hub: BenchHub) {
  const before = await cpuOf(hub);
  await sleep(idleSeconds * 1_000);
  const after = await cpuOf(hub);
  const percent = (ms: number) => (ms / (idleSeconds * 10)).toFixed(1);
  return `${percent(after.nodeMs - before.nodeMs)} / ${percent(after.postgresMs - before.postgresMs)}`;
}

async function comeBack(hub: BenchHub, fleet: Fleet): Promise<string> {
  for (const machine of fleet.machines) machine.forget();
  const begun = performance.now();
  const upMs = await hub.killAndStart();
  const seconds = await fleet.back(begun, SHARES);
  const attempts = fleet.machines.map((machine) => machine.attempts());
  const mean = attempts.reduce((sum, one) => sum + one, 0) / attempts.length;
  const shown = seconds.map((one) => one.toFixed(1)).join(" / ");
  // Each is registered at the hub's side too, and none twice.
  const held = (await hub.health())?.here.machines;
  return `it answers after ${(upMs / 1_000).toFixed(1)} s, 50 / 95 / 100 % are back after ${shown} s, attempts of each ${mean.toFixed(1)} (at most ${Math.max(...attempts)}), ${held} held`;
}

const busy = await waitForQuiet(Number(values.quiet) * 1_000);
console.log(
  `${cpus().length} cores, ${Math.round(busy * 100)} % busy before, ${loadNow()}, Node ${process.version}\n\n` +
    "| machines | connected in s | hub MiB | PostgreSQL MiB | files open in the hub | idle CPU %, hub / PostgreSQL | load |\n" +
    `|${"-|".repeat(7)}`,
);
await using hub = await openBenchHub();
await using fleet = await openFleet(hub, {
  tokens: Number(values.tokens),
  ...(values.addresses !== undefined && { addresses: Number(values.addresses) }),
});
for (const count of [0, ...values.machines.split(",").map(Number)]) {
  const grown = await fleet.growTo(count);
  await sleep(SETTLE_MS);
  const cpu = await idleCpu(hub);
  const { nodeMib, postgresMib, nodeFiles } = await footprint(hub.pid(), hub.dataDir);
  const size = `${nodeMib.toFixed(0)} | ${postgresMib.toFixed(0)} | ${nodeFiles}`;
  console.log(`| ${count} | ${grown.toFixed(1)} | ${size} | ${cpu} | ${loadNow()} |`);
  // On standard error, so that it does not come between the rows.
  if (count > 0) console.error(`${count}, hub killed: ${await comeBack(hub, fleet)}, ${loadNow()}`);
}
