import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { findMarkedProcesses, signal } from "../../src/claude/marked-processes.ts";
import { readProc } from "../../src/claude/process-identity.ts";
import type { Cluster, Role } from "./cluster.ts";
import { forgottenLines, type Worksite } from "./round.ts";

export const VICTIMS = [
  "API server",
  "worker",
  "worker for good",
  "PostgreSQL",
  "PostgreSQL for 20 s",
  "claude",
] as const;
export type Victim = (typeof VICTIMS)[number];

/** Which processes carry out the sessions of a round. */
export const ROLES: Record<Victim, readonly Role[]> = {
  "API server": ["serve", "serve"],
  worker: ["worker", "worker"],
  "worker for good": ["worker", "worker"],
  PostgreSQL: ["serve", "worker"],
  "PostgreSQL for 20 s": ["serve", "worker"],
  claude: ["serve", "worker"],
};

export interface Killed {
  /** Seconds until somebody alive carried on with every unfinished run; undefined when nothing was going on. */
  noticed: number | undefined;
  /** Lines, by session, whose results were not in Claude's record when it was killed. */
  open: Map<string, Set<number>>;
}

const LEASE_SECONDS = 15;
const NOTICE_MS = 60_000;
/** A killed process is gone in milliseconds; its successor needs longer to begin. */
const DEAD_MS = 500;

/** Kills the victim without warning, brings back what an operator's supervisor would, and waits until it is noticed. */
export function kill(
  victim: Victim,
  cluster: Cluster,
  sites: readonly Worksite[],
  random: () => number,
): Promise<Killed> {
  switch (victim) {
    case "API server":
      return killProcess(cluster, "serve", sites, random() * 2_000);
    case "worker":
      return killProcess(cluster, "worker", sites, random() * 2_000);
    case "worker for good":
      return killProcess(cluster, "worker", sites, undefined);
    case "PostgreSQL":
      return killPostgres(cluster, sites, random() * 3_000);
    // Longer than a lease lasts, and than a worker may be silent.
    case "PostgreSQL for 20 s":
      return killPostgres(cluster, sites, 20_000);
    case "claude":
      return killClaude(cluster, sites, random);
  }
}

/** Without `restartMs` it stays dead until somebody else has taken over. */
async function killProcess(
  cluster: Cluster,
  role: Role,
  sites: readonly Worksite[],
  restartMs: number | undefined,
): Promise<Killed> {
  const at = Date.now();
  await cluster.kill(role);
  const restarted = restartMs === undefined ? undefined : sleep(restartMs).then(() => cluster.start(role));
  const noticed = await untilNoticed(cluster, sites, at);
  await (restarted ?? cluster.start(role));
  return { noticed, open: new Map() };
}

async function killPostgres(
  { postgres, ...cluster }: Cluster,
  sites: readonly Worksite[],
  awayMs: number,
): Promise<Killed> {
  await postgres.kill();
  await sleep(awayMs);
  await postgres.start();
  return { noticed: await untilNoticed({ postgres, ...cluster }, sites, Date.now()), open: new Map() };
}

/** Waits until each unfinished run of the sites has a lease that was given or renewed after `at`. */
async function untilNoticed(cluster: Cluster, sites: readonly Worksite[], at: number): Promise<number | undefined> {
  const ids = sites.map(({ sessionId }) => sessionId);
  const unled = () =>
    cluster.ask((db) =>
      db
        .selectFrom("runs")
        .leftJoin("sessionLeases as lease", "lease.sessionId", "runs.sessionId")
        .select("runs.id")
        .where("runs.sessionId", "in", ids)
        .where("runs.status", "=", "running")
        .where(sql<boolean>`coalesce(lease.expires_at, '-infinity') <= ${new Date(at + LEASE_SECONDS * 1000)}`)
        .execute(),
    );
  if ((await unled()).length === 0) return undefined;
  for (const deadline = Date.now() + NOTICE_MS; Date.now() < deadline; await sleep(25))
    if ((await unled()).length === 0) return (Date.now() - at) / 1000;
  return Number.POSITIVE_INFINITY;
}

/** Kills one of the lives that are on: Claude itself, or everything of it at once with the shell that watches over it. */
async function killClaude(cluster: Cluster, sites: readonly Worksite[], random: () => number): Promise<Killed> {
  const ids = sites.map(({ sessionId }) => sessionId);
  const lives = await cluster.ask((db) =>
    db
      .selectFrom("attempts")
      .innerJoin("runs", "runs.id", "attempts.runId")
      .select(["runs.sessionId", "attempts.runId", "attempts.attempt"])
      .where("runs.sessionId", "in", ids)
      .where("attempts.finishedAt", "is", null)
      .orderBy("runs.sessionId")
      .execute(),
  );
  const life = lives[Math.floor(random() * lives.length)];
  const all = random() < 0.5;
  if (!life) return { noticed: undefined, open: new Map() };
  const marker = `${life.runId}.${life.attempt}`;
  const marked = await findMarkedProcesses(marker);
  const victims = all ? marked : marked.filter(({ pid }) => isClaude(pid));
  if (victims.length === 0) return { noticed: undefined, open: new Map() };
  const at = Date.now();
  for (const { pid } of victims) signal(pid, "SIGKILL");
  await untilDead(victims, at + DEAD_MS);
  const hit = sites.filter(({ sessionId }) => sessionId === life.sessionId);
  const open = new Map<string, Set<number>>();
  for (const site of hit) open.set(site.sessionId, await forgottenLines(cluster, site, [marker]));
  const ended = () =>
    cluster.ask((db) =>
      db
        .selectFrom("attempts")
        .select("finishedAt")
        .where("runId", "=", life.runId)
        .where("attempt", "=", life.attempt)
        .executeTakeFirst(),
    );
  while (!(await ended())?.finishedAt && Date.now() < at + NOTICE_MS) await sleep(25);
  return { noticed: (Date.now() - at) / 1000, open };
}

async function untilDead(victims: readonly { pid: number }[], deadline: number): Promise<void> {
  while (victims.some(({ pid }) => readProc(`/proc/${pid}/cmdline`)) && Date.now() < deadline) await sleep(5);
}

/** The CLI itself: neither the shell around it, nor what makes its process namespace, nor its tools. */
const isClaude = (pid: number): boolean => {
  const [program = ""] = readProc(`/proc/${pid}/cmdline`)?.split("\0") ?? [];
  return program.endsWith("/claude");
};
