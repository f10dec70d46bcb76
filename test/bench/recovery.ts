import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { sql } from "kysely";
import { findMarkedProcesses } from "../../src/claude/marked-processes.ts";
import type { Session } from "../../src/contract/session.ts";
import { newFolder, openCluster, type Cluster, type Role } from "../kill/cluster.ts";
import { openSites, readLines, sendJobs, untilRested, type Worksite } from "../kill/round.ts";
import { kill, type Victim } from "../kill/victims.ts";
import { summaryOf } from "./percentile.ts";
import { waitForQuiet } from "./quiet-machine.ts";

/**
 * How fast runs are begun and found again: node test/bench/recovery.ts
 *   --rounds 5    kills of each kind
 *   --starts 20   runs that are started one after the other, and again with a busy queue
 *   --quiet 0     seconds to wait for a machine that does nothing else
 * Needs PostgreSQL 15 of Debian.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    starts: { type: "string", default: "20" },
    quiet: { type: "string", default: "0" },
  },
});
const rounds = Number(values.rounds);
const starts = Number(values.starts);
const MIB = 1024 ** 2;
/** Sessions that keep every slot busy and a queue behind them while others are measured. */
const PARKED = 50;

await using cluster = await openCluster();
const share = await waitForQuiet(Number(values.quiet) * 1_000);
console.log(`Busy before: ${(share * 100).toFixed(0)} % of the CPUs`);
await startTimes("idle", 0);
await startTimes(`${PARKED} sessions parked and 4 runs on`, 4);
await memory();
await recoveryTimes("restart of the server to followed again", "API server", "serve");
await recoveryTimes("loss of a worker to followed by another", "worker for good", "worker");

/** Kills the process while its runs are on, and says how long nobody followed them. */
async function recoveryTimes(what: string, victim: Victim, role: Role): Promise<void> {
  const seconds: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const sites = await openSites(cluster, `${role}-${round}`, [role]);
    await sendJobs(cluster, sites);
    await begun(sites);
    const { noticed } = await kill(victim, cluster, sites, () => 0);
    if (noticed !== undefined) seconds.push(noticed);
    await untilRested(cluster, sites);
  }
  console.log(`${what}: ${summaryOf(seconds.map((value) => value * 1_000))}`);
}

async function begun(sites: readonly Worksite[]): Promise<void> {
  for (const site of sites) while ((await readLines(site)).length === 0) await sleep(20);
}

/** From the request to the row of the attempt, and to Claude's first word, with so many runs on beside it. */
async function startTimes(state: string, beside: number): Promise<void> {
  const busy = await occupy(cluster, beside);
  const begin: number[] = [];
  const token: number[] = [];
  const own: number[] = [];
  for (let index = 0; index < starts; index++) {
    const projectPath = await newFolder(cluster, `start-${beside}-${index}`);
    const at = Date.now();
    const body = { projectType: "local", projectPath, initialPrompt: 'MOCK[{"text":"first word"}]' };
    const { sessionId } = await cluster.call<Session>("/api/sessions", body);
    await untilEnded([sessionId]);
    const row = await startOf(sessionId);
    const asked = cluster.model.requests.find((request) => request.sessionId === sessionId)?.at ?? at;
    begin.push(row.begunAt.getTime() - row.queuedAt.getTime());
    token.push(row.textAt.getTime() - at);
    // What Claude needs to start is its own; the rest of the way to the first word is ours.
    own.push(row.textAt.getTime() - asked + (row.begunAt.getTime() - at));
  }
  console.log(
    `${state}: enqueued to begun ${summaryOf(begin)}; POST to first word in the ledger ${summaryOf(token)}; of it not the CLI's own start ${summaryOf(own)}`,
  );
  for (const sessionId of busy) await cluster.call(`/api/sessions/${sessionId}/stop`, {});
}

/** Keeps runs on for as long as it is measured, and leaves parked ones and their rows behind them. */
async function occupy({ call, db }: Cluster, count: number): Promise<string[]> {
  if (count === 0) return [];
  const workerId = await cluster.workerId("serve");
  await db
    .insertInto("sessions")
    .values(
      Array.from({ length: PARKED }, (_, index) => ({
        title: `parked ${index}`,
        projectType: "local",
        projectPath: "/tmp",
        workerId,
        status: "waiting",
        runCount: 1,
        wakeAt: sql<Date>`now() + interval '1 hour'`,
      })),
    )
    .execute();
  await sql`with m as (insert into session_messages (session_id, direction, content, source)
      select id, 'inbound', 'parked', 'api' from sessions where title like 'parked %' returning id, session_id)
    insert into runs (session_id, message_id, number, status) select session_id, id, 1, 'waiting' from m`.execute(db);
  const ids: string[] = [];
  for (let index = 0; index < count; index++) {
    const projectPath = await newFolder(cluster, `beside-${index}`);
    const body = { projectType: "local", projectPath, initialPrompt: 'MOCK[{"bash":"echo on > on; sleep 500"}]' };
    ids.push((await call<Session>("/api/sessions", body)).sessionId);
    while ((await readFile(`${projectPath}/on`, "utf8").catch(() => "")) === "") await sleep(50);
  }
  return ids;
}

async function untilEnded(ids: readonly string[]): Promise<void> {
  for (;;) {
    const open = await cluster.db
      .selectFrom("runs")
      .select("id")
      .where("sessionId", "in", ids)
      .where("finishedAt", "is", null)
      .execute();
    if (open.length === 0) return;
    await sleep(20);
  }
}

function startOf(sessionId: string) {
  return cluster.db
    .selectFrom("runs")
    .innerJoin("attempts", "attempts.runId", "runs.id")
    .innerJoin("sessionEvents as event", "event.runId", "runs.id")
    .select(["runs.queuedAt", "attempts.startedAt as begunAt", "event.createdAt as textAt"])
    .where("runs.sessionId", "=", sessionId)
    .where("event.type", "=", "text")
    .executeTakeFirstOrThrow();
}

/** What a live run holds, by its processes; a parked one has none. */
async function memory(): Promise<void> {
  const projectPath = await newFolder(cluster, "memory");
  const body = {
    projectType: "local",
    projectPath,
    initialPrompt: 'MOCK[{"bash":"echo on > on; sleep 5"},{"text":"done"}]',
  };
  const { sessionId } = await cluster.call<Session>("/api/sessions", body);
  while ((await readFile(`${projectPath}/on`, "utf8").catch(() => "")) === "") await sleep(50);
  const run = await cluster.db
    .selectFrom("runs")
    .select("id")
    .where("sessionId", "=", sessionId)
    .executeTakeFirstOrThrow();
  const found = await findMarkedProcesses(run.id);
  const sizes = await Promise.all(found.map(({ pid }) => sizeOf(pid)));
  const parts = sizes
    .toSorted((a, b) => b.bytes - a.bytes)
    .map(({ name, bytes }) => `${name} ${(bytes / MIB).toFixed(1)}`);
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  console.log(`memory of a live run: ${(total / MIB).toFixed(0)} MiB proportional set size (${parts.join(", ")} MiB)`);
  await untilEnded([sessionId]);
  const left = await findMarkedProcesses(run.id);
  console.log(`processes of a run that is over or parked: ${left.length}`);
}

async function sizeOf(pid: number): Promise<{ name: string; bytes: number }> {
  const name = (await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "gone")).trim();
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
  return { name, bytes: Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? 0) * 1024 };
}
