import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hasPostgres15 } from "../support/killable-postgres.ts";
import { ask, workspacePath } from "../support/orchestration.ts";
import { requirePeer } from "../support/peers.ts";
import { openCluster, type Cluster, type Role } from "./cluster.ts";
import {
  admissions,
  attachStandingTemplate,
  BACKLOG,
  findStandingSites,
  FREE,
  hold,
  isBeyond,
  letGo,
  liveRuns,
  openBacklog,
  pauseAll,
  set,
  STANDING,
  watchAdmissions,
} from "./fleet.ts";
import { seededRandom } from "./random.ts";
import { inspect, untilRested, type Worksite } from "./round.ts";

const full = process.env["KILL_FULL"] === "1";
const seed = Number(process.env["KILL_SEED"] ?? Date.now() % 1_000_000);
const CHANGING_MS = full ? 180_000 : 20_000;
/** However slow the machine is. */
const LEAST_CHANGES = 12;
const SESSIONS = full ? 60 : 10;
const MOST = 4;
/** A lease that nobody gives back lasts 15 s, then a sweep must find its session; the rest is for two busy cores. */
const SETTLED_SECONDS = 30;
/** Longer than a lease, so that what a process held goes to the other one. */
const AWAY_MS = 18_000;
/** Until what is on is shown, and until what was let go has ended, on busy cores. */
const SHOWN_MS = 60_000;
const ROLES = ["serve", "worker"] as const satisfies readonly Role[];

let cluster: Cluster;
const there = requirePeer("PostgreSQL 15", hasPostgres15, "apt-get install postgresql-15");
beforeAll(async () => {
  // Nothing but what is desired holds a run back here.
  if (there) cluster = await openCluster({ MAX_CONCURRENT_RUNS: "16", RUN_MEMORY_MB: "0" });
}, 120_000);
afterAll(() => cluster?.[Symbol.asyncDispose](), 60_000);

/** Sets, pauses and resumes workspaces, one and all, and kills both processes, until the time is over. */
async function changeAndKill(random: () => number): Promise<{ changes: number; kills: number }> {
  const count = { changes: 0, kills: 0 };
  const away: Record<Role, Promise<void> | undefined> = { serve: undefined, worker: undefined };
  const killOne = (role: Role, awayMs: number): void => {
    if (away[role]) return;
    count.kills += 1;
    away[role] = cluster
      .kill(role)
      .then(() => sleep(awayMs))
      .then(() => cluster.start(role))
      .finally(() => (away[role] = undefined));
  };
  try {
    for (const end = Date.now() + CHANGING_MS; Date.now() < end || count.changes < LEAST_CHANGES;) {
      const [dice, chosen, value] = [random(), random(), random()];
      // The first death outlasts all leases; the others are those that a supervisor mends.
      if (count.changes > 3 && count.kills === 0) killOne("worker", AWAY_MS);
      else if (dice < 0.2) killOne(chosen < 0.5 ? "serve" : "worker", value * 2_000);
      else await changeOne(chosen < 0.5 ? STANDING : BACKLOG, dice, value);
      count.changes += 1;
      await sleep(random() * 800);
    }
  } finally {
    await Promise.all([away.serve, away.worker]);
  }
  return count;
}

function changeOne(id: string, dice: number, value: number): Promise<void> {
  if (dice < 0.3) return pauseAll(cluster, value < 0.3);
  if (dice < 0.45) return set(cluster, id, "paused", value < 0.4);
  return set(cluster, id, "desired", Math.floor(value * (MOST + 1)));
}

const shown = async (id: string): Promise<unknown> =>
  (await ask(cluster.processes.serve.url, workspacePath(id))).body.workspace.running;

test(
  "whatever is desired, paused and killed: no run begins beyond desired, then as many run as desired, 0 lets them end, and nothing is lost or doubled",
  { timeout: CHANGING_MS * 3 + 300_000 },
  async () => {
    const random = seededRandom(seed);
    await watchAdmissions(cluster);
    for (const id of [STANDING, BACKLOG]) await set(cluster, id, "desired", 1);
    await attachStandingTemplate(cluster);
    const open = (id: string, name: string, index: number, messages: number) =>
      openBacklog(cluster, id, { name, role: ROLES[index % 2] ?? "serve", messages });
    const sites: Worksite[] = [];
    for (let index = 0; index < SESSIONS; index++)
      sites.push(await open(index % 6 === 5 ? FREE : BACKLOG, `before-${index}`, index, 2));

    const count = await changeAndKill(random);

    await hold(cluster);
    for (let index = 0; index < MOST; index++) sites.push(await open(BACKLOG, `after-${index}`, index, 1));
    const stopped = Date.now();
    await pauseAll(cluster, false);
    for (const id of [STANDING, BACKLOG]) {
      await set(cluster, id, "paused", false);
      await set(cluster, id, "desired", MOST);
    }
    const wanted = { [STANDING]: MOST, [BACKLOG]: MOST };
    await expect.poll(() => liveRuns(cluster), { timeout: SETTLED_SECONDS * 1000, interval: 50 }).toMatchObject(wanted);
    const settled = (Date.now() - stopped) / 1000;
    await expect
      .poll(async () => [await shown(STANDING), await shown(BACKLOG)], { timeout: SHOWN_MS, interval: 100 })
      .toEqual([MOST, MOST]);

    for (const id of [STANDING, BACKLOG]) await set(cluster, id, "desired", 0);
    const before = (await admissions(cluster)).filter(({ workspaceId }) => workspaceId !== FREE).length;
    await letGo(cluster);
    await expect
      .poll(async () => [await shown(STANDING), await shown(BACKLOG)], { timeout: SHOWN_MS, interval: 100 })
      .toEqual([0, 0]);
    const seen = await admissions(cluster);
    expect(seen.filter(({ workspaceId }) => workspaceId !== FREE).length, "runs that had begun").toBe(before);

    await set(cluster, STANDING, "template", null);
    for (const id of [STANDING, BACKLOG]) await set(cluster, id, "desired", null);
    sites.push(...(await findStandingSites(cluster)));
    await untilRested(cluster, sites);
    const found = await inspect(cluster, sites, new Map());
    const beyond = (await admissions(cluster)).filter(isBeyond);
    console.log(
      `KILL_SEED=${seed}: ${count.changes} changes, ${count.kills} kills, ${found.runs} runs, ${seen.length} admissions; as desired after ${settled.toFixed(1)} s`,
    );
    const { runs, ...wrong } = found;
    expect({ ...wrong, beyond }).toEqual({ lost: [], doubled: [], repeated: [], untrue: [], left: 0, beyond: [] });
    expect(runs).toBeGreaterThan(SESSIONS);
  },
);
