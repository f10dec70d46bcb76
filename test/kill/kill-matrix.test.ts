import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasPostgres15 } from "../support/killable-postgres.ts";
import { requirePeer } from "../support/peers.ts";
import { openCluster, type Cluster } from "./cluster.ts";
import { seededRandom } from "./random.ts";
import { inspect, openSites, sendJobs, untilRested, type Findings } from "./round.ts";
import { kill, ROLES, VICTIMS, type Victim } from "./victims.ts";

const full = process.env["KILL_FULL"] === "1";
const seed = Number(process.env["KILL_SEED"] ?? Date.now() % 1_000_000);
const kills = Number(process.env["KILL_ROUNDS"] ?? (full ? 14 : 2));
const NOTICED_SECONDS = 20;
/** A moment that is late in a round without kills may be after its end; then nothing is proved. */
const LATEST = 0.9;

interface Row extends Findings {
  victim: Victim;
  kills: number;
  /** Kills that met no run, or none that was on. */
  idle: number;
  noticed: number[];
}

let cluster: Cluster;
/** How long a round takes when nothing is killed. */
let usualMs = 0;
const rows: Row[] = [];
const there = requirePeer("PostgreSQL 15", hasPostgres15, "apt-get install postgresql-15");

beforeAll(async () => {
  if (!there) return;
  console.log(`KILL_SEED=${seed}, ${kills} kills of each victim`);
  cluster = await openCluster();
  const sites = await openSites(cluster, "warm-up", ["serve", "worker"]);
  const start = Date.now();
  await sendJobs(cluster, sites);
  await untilRested(cluster, sites);
  usualMs = Date.now() - start;
}, 300_000);

afterAll(async () => {
  if (rows.length > 0) console.log(tableOf(rows));
  await cluster?.[Symbol.asyncDispose]();
}, 60_000);

describe.each(VICTIMS)("%s, killed with -9 at any moment of the runs", (victim) => {
  test(`loses no run, does nothing twice, and leaves no process`, { timeout: kills * 300_000 }, async () => {
    const random = seededRandom(seed + VICTIMS.indexOf(victim));
    const row: Row = {
      victim,
      kills: 0,
      idle: 0,
      noticed: [],
      runs: 0,
      lost: [],
      doubled: [],
      repeated: [],
      untrue: [],
      left: 0,
    };
    rows.push(row);
    for (let round = 1; round <= kills; round++) await killOnce(row, `${victim.replaceAll(" ", "-")}-${round}`, random);
    expect({ lost: row.lost, doubled: row.doubled, untrue: row.untrue, left: row.left }).toEqual({
      lost: [],
      doubled: [],
      untrue: [],
      left: 0,
    });
    expect(Math.max(0, ...row.noticed)).toBeLessThan(NOTICED_SECONDS);
  });
});

/** One round: work is sent, the victim is killed while it is done, and when all is over everything is looked at. */
async function killOnce(row: Row, name: string, random: () => number): Promise<void> {
  const sites = await openSites(cluster, name, ROLES[row.victim]);
  const moment = random() * LATEST * usualMs;
  const sent = sendJobs(cluster, sites);
  await sleep(moment);
  const { noticed, open } = await kill(row.victim, cluster, sites, random);
  await sent;
  await untilRested(cluster, sites);
  const found = await inspect(cluster, sites, open);
  row.kills += 1;
  if (noticed === undefined) row.idle += 1;
  else row.noticed.push(noticed);
  row.runs += found.runs;
  row.left += found.left;
  for (const list of ["lost", "doubled", "repeated", "untrue"] as const)
    row[list].push(...found[list].map((text) => `${name}: ${text}`));
  for (const text of found.repeated) console.log(`${name}: ${text}: not in Claude's record when it was killed`);
  console.log(`${name}: killed after ${(moment / 1000).toFixed(1)} s, noticed after ${seconds(noticed)} s`);
}

const seconds = (value: number | undefined): string => value?.toFixed(1) ?? "–";

function tableOf(all: readonly Row[]): string {
  const head = [
    "victim",
    "kills",
    "met no run",
    "runs",
    "lost",
    "doubled",
    "again: result unknown to the killed claude",
    "untrue",
    "noticed p50 s",
    "max s",
    "left processes",
  ];
  const body = all.map((row) => {
    const noticed = row.noticed.toSorted((a, b) => a - b);
    const counts = [
      row.kills,
      row.idle,
      row.runs,
      row.lost.length,
      row.doubled.length,
      row.repeated.length,
      row.untrue.length,
    ];
    return [
      row.victim,
      ...counts,
      seconds(noticed[Math.floor(noticed.length / 2)]),
      seconds(noticed.at(-1)),
      row.left,
    ].map(String);
  });
  const widths = head.map((title, column) =>
    Math.max(title.length, ...body.map((cells) => cells[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [`KILL_SEED=${seed}`, line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join(
    "\n",
  );
}
