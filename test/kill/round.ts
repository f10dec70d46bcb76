import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findMarkedProcesses } from "../../src/claude/marked-processes.ts";
import type { Message } from "../../src/contract/message.ts";
import type { Run } from "../../src/contract/run.ts";
import type { Session } from "../../src/contract/session.ts";
import { jobAnswer, jobPrompt, type LineJob } from "../support/line-jobs.ts";
import { newFolder, type Cluster, type Role } from "./cluster.ts";

const FINISH_MS = 180_000;
const GONE_MS = 10_000;
const CALL_MS = 600;
const CALLS = 3;

/** A session with its jobs, one message each; all write into one file, every line with its own number. */
export interface Worksite {
  sessionId: string;
  file: string;
  jobs: LineJob[];
}

/** What was wrong after a round, and what was merely worth counting. */
export interface Findings {
  runs: number;
  /** Runs that did not succeed, did not write all lines, or were not answered by exactly one message. */
  lost: string[];
  /** Lines that were written more often than may be. */
  doubled: string[];
  /** Lines that were written twice because Claude itself was killed before it knew the result of the call. */
  repeated: number;
  /** Sessions whose state at the end is not the truth, or that changed their conversation. */
  untrue: string[];
  /** Processes of runs that were still there at the end. */
  left: number;
}

/** Opens sessions that work with the given processes, and sends each its messages. */
export async function openSites(cluster: Cluster, name: string, roles: readonly Role[]): Promise<Worksite[]> {
  const sites = await Promise.all(
    roles.map((role, index) => openSite(cluster, `${name}-${index}`, { role, messages: index === 0 ? 2 : 1 })),
  );
  return sites;
}

async function openSite(
  cluster: Cluster,
  name: string,
  { role, messages }: { role: Role; messages: number },
): Promise<Worksite> {
  const projectPath = await newFolder(cluster, name);
  const { sessionId } = await cluster.call<Session>("/api/sessions", {
    projectType: "local",
    projectPath,
    title: name,
  });
  const workerId = await cluster.workerId(role);
  await cluster.ask((db) => db.updateTable("sessions").set({ workerId }).where("id", "=", sessionId).execute());
  const jobs = Array.from({ length: messages }, (_, index) => ({
    label: `${name}-${index}`,
    from: index * CALLS + 1,
    to: (index + 1) * CALLS,
    callMs: CALL_MS,
    file: "lines",
  }));
  return { sessionId, file: join(projectPath, "lines"), jobs };
}

/** Sends the messages of all sites; the first ones of each at the same time. */
export const sendJobs = (cluster: Cluster, sites: readonly Worksite[]): Promise<unknown> =>
  Promise.all(
    sites.map(async ({ sessionId, jobs }) => {
      for (const job of jobs) await cluster.call(`/api/sessions/${sessionId}/messages`, { content: jobPrompt(job) });
    }),
  );

/** Waits until nothing is left to do in the sites' sessions; what does not end in time is found by `inspect`. */
export async function untilRested(cluster: Cluster, sites: readonly Worksite[]): Promise<void> {
  const ids = sites.map(({ sessionId }) => sessionId);
  const wanted = sites.reduce((sum, { jobs }) => sum + jobs.length, 0);
  for (const deadline = Date.now() + FINISH_MS; Date.now() < deadline; await sleep(100)) {
    const rows = await cluster.ask((db) =>
      db.selectFrom("runs").select("finishedAt").where("sessionId", "in", ids).execute(),
    );
    if (rows.length === wanted && rows.every(({ finishedAt }) => finishedAt !== null)) return;
  }
}

/** Numbers in the site's file, in the order of writing. */
export const readLines = async ({ file }: Worksite): Promise<number[]> =>
  (await readFile(file, "utf8").catch(() => ""))
    .split("\n")
    .filter((line) => line !== "")
    .map(Number);

/** Looks at everything a site left. `open` are the lines whose calls may have been cut off by the killing of Claude. */
export async function inspect(
  cluster: Cluster,
  sites: readonly Worksite[],
  open: ReadonlyMap<string, ReadonlySet<number>>,
): Promise<Findings> {
  const found: Findings = { runs: 0, lost: [], doubled: [], repeated: 0, untrue: [], left: 0 };
  for (const site of sites) {
    const { items: runs } = await cluster.call<{ items: Run[] }>(`/api/sessions/${site.sessionId}/runs`);
    found.runs += runs.length;
    found.lost.push(...(await lostWork(cluster, site, runs)));
    countLines(found, site, { lines: await readLines(site), open: open.get(site.sessionId) ?? new Set() });
    found.untrue.push(...(await untruths(cluster, site)));
    for (const { runId } of runs) found.left += await leftOf(runId);
  }
  return found;
}

async function lostWork(cluster: Cluster, { sessionId, jobs }: Worksite, runs: readonly Run[]): Promise<string[]> {
  const lost = runs
    .filter(({ status }) => status !== "succeeded")
    .map(({ runId, status, reason, error }) => `run ${runId} is ${status} (${reason}): ${error}`);
  if (runs.length !== jobs.length) lost.push(`${sessionId} has ${runs.length} runs for ${jobs.length} messages`);
  const { items } = await cluster.call<{ items: Message[] }>(`/api/sessions/${sessionId}/messages`);
  const answers = items.filter(({ direction }) => direction === "outbound").map(({ content }) => content);
  const wanted = jobs.map(jobAnswer);
  if (JSON.stringify(answers.toReversed()) !== JSON.stringify(wanted))
    lost.push(`${sessionId} was answered ${JSON.stringify(answers.toReversed())}`);
  return lost;
}

function countLines(
  found: Findings,
  { sessionId, jobs }: Worksite,
  { lines, open }: { lines: readonly number[]; open: ReadonlySet<number> },
): void {
  const last = jobs.at(-1)?.to ?? 0;
  for (let number = 1; number <= last; number++) {
    const times = lines.filter((line) => line === number).length;
    if (times === 0) found.lost.push(`${sessionId} has no line ${number}`);
    else if (times === 2 && open.has(number)) found.repeated += 1;
    else if (times > 1) found.doubled.push(`${sessionId} has line ${number} ${times} times: ${lines.join(" ")}`);
  }
}

/** What the ledger says of a session that is at rest, and should not. */
async function untruths(cluster: Cluster, { sessionId }: Worksite): Promise<string[]> {
  const row = await cluster.ask((db) =>
    db
      .selectFrom("sessions")
      .select(["status", "lastReason", "waitingFor", "wakeAt", "claudeSessionId"])
      .select((eb) => [
        eb
          .selectFrom("attempts")
          .innerJoin("runs", "runs.id", "attempts.runId")
          .whereRef("runs.sessionId", "=", "sessions.id")
          .where("attempts.finishedAt", "is", null)
          .select((of) => of.fn.countAll<number>().as("n"))
          .as("openAttempts"),
        eb
          .selectFrom("commandLogs")
          .whereRef("commandLogs.sessionId", "=", "sessions.id")
          .where("status", "=", "running")
          .select((of) => of.fn.countAll<number>().as("n"))
          .as("openCalls"),
      ])
      .where("id", "=", sessionId)
      .executeTakeFirstOrThrow(),
  );
  const truth = {
    status: "completed",
    lastReason: "success",
    waitingFor: null,
    wakeAt: null,
    claudeSessionId: sessionId,
    openAttempts: 0,
    openCalls: 0,
  };
  return JSON.stringify(row) === JSON.stringify(truth) ? [] : [`${sessionId} ends as ${JSON.stringify(row)}`];
}

/** Processes of a run that are still there some seconds after its end. */
async function leftOf(runId: string): Promise<number> {
  for (const deadline = Date.now() + GONE_MS; ; await sleep(100)) {
    const left = await findMarkedProcesses(runId);
    if (left.length === 0 || Date.now() > deadline) return left.length;
  }
}
