import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findMarkedProcesses } from "../../src/claude/marked-processes.ts";
import type { Message } from "../../src/contract/message.ts";
import type { Run } from "../../src/contract/run.ts";
import type { Session } from "../../src/contract/session.ts";
import { jobAnswer, jobPrompt, type LineJob } from "../support/line-jobs.ts";
import { newFolder, REPOSITORY, type Cluster, type Role } from "./cluster.ts";

const FINISH_MS = 180_000;
const GONE_MS = 10_000;
const CALL_MS = 600;
const CALLS = 3;
const FILE = "lines";

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
  /** Lines of calls that were made again after Claude was killed, whose result was not in its record at that moment. */
  repeated: string[];
  /** Sessions whose state at the end is not the truth, or that changed their conversation. */
  untrue: string[];
  /** Processes of runs that were still there at the end. */
  left: number;
}

/**
 * Opens sessions that work with the given processes, each in a folder of its own, and one more in a clone; the first one
 * gets two messages.
 */
export async function openSites(cluster: Cluster, name: string, roles: readonly Role[]): Promise<Worksite[]> {
  const inFolders = roles.map((role, index) => openInFolder(cluster, `${name}-${index}`, role, index === 0 ? 2 : 1));
  return Promise.all([...inFolders, openInClone(cluster, `${name}-clone`, roles.at(-1) ?? "serve")]);
}

async function openInFolder(cluster: Cluster, name: string, role: Role, messages: number): Promise<Worksite> {
  const projectPath = await newFolder(cluster, name);
  const { sessionId } = await openWith(cluster, role, { projectType: "local", projectPath, title: name });
  return { sessionId, file: join(projectPath, FILE), jobs: jobsOf(name, messages) };
}

async function openInClone(cluster: Cluster, name: string, role: Role): Promise<Worksite> {
  const session = await openWith(cluster, role, { projectType: "github", githubRepo: REPOSITORY, title: name });
  if (session.workspacePath === null) throw new Error("a session of kind github has no workspace");
  return { sessionId: session.sessionId, file: join(session.workspacePath, FILE), jobs: jobsOf(name, 1) };
}

async function openWith(cluster: Cluster, role: Role, body: object): Promise<Session> {
  const session = await cluster.call<Session>("/api/sessions", body);
  const workerId = await cluster.workerId(role);
  await cluster.ask((db) => db.updateTable("sessions").set({ workerId }).where("id", "=", session.sessionId).execute());
  return session;
}

const jobsOf = (name: string, messages: number): LineJob[] =>
  Array.from({ length: messages }, (_, index) => ({
    label: `${name}-${index}`,
    from: index * CALLS + 1,
    to: (index + 1) * CALLS,
    callMs: CALL_MS,
    file: FILE,
  }));

/** Sends the messages of all sites; the first ones of each at the same time. */
export const sendJobs = (cluster: Cluster, sites: readonly Worksite[]): Promise<unknown> =>
  Promise.all(
    sites.map(async ({ sessionId, jobs }) => {
      for (const job of jobs) await cluster.call(`/api/sessions/${sessionId}/messages`, { content: jobPrompt(job) });
    }),
  );

/**
 * Waits until nothing is left to do in the sites' sessions, copies included; what does not end in time is found by
 * `inspect`.
 */
export async function untilRested(cluster: Cluster, sites: readonly Worksite[]): Promise<void> {
  const ids = sites.map(({ sessionId }) => sessionId);
  const wanted = sites.reduce((sum, { jobs }) => sum + jobs.length, 0);
  for (const deadline = Date.now() + FINISH_MS; Date.now() < deadline; await sleep(100)) {
    const rows = await cluster.ask((db) =>
      db
        .selectFrom("runs")
        .leftJoin("attempts", "attempts.runId", "runs.id")
        .select(["runs.id", "runs.finishedAt", "attempts.keptAt"])
        .where("sessionId", "in", ids)
        .execute(),
    );
    const runs = new Set(rows.map(({ id }) => id));
    const isOver = rows.every(({ finishedAt, keptAt }) => finishedAt !== null && keptAt !== null);
    if (runs.size === wanted && isOver) return;
  }
}

/** Numbers in the site's file, in the order of writing. */
export const readLines = async ({ file }: Worksite): Promise<number[]> =>
  (await readFile(file, "utf8").catch(() => ""))
    .split("\n")
    .filter((line) => line !== "")
    .map(Number);

/** Numbers of lines whose calls have their result in Claude's own record, wherever it lies. */
export async function recordedLines({ dataDir }: Cluster, { sessionId }: Worksite): Promise<Set<number>> {
  const found = new Set<number>();
  for (const role of ["serve", "worker"] as const) {
    const folder = join(dataDir(role), "claude", sessionId, "projects");
    const names = await readdir(folder, { recursive: true }).catch(() => []);
    for (const name of names.filter((one) => one.endsWith(`${sessionId}.jsonl`)))
      for (const line of (await readFile(join(folder, name), "utf8")).split("\n"))
        // The call itself does not hold the report: the shell puts it together.
        for (const [, number] of line.matchAll(/wrote-\S+-line-(\d+)\./g)) found.add(Number(number));
  }
  return found;
}

/**
 * Lines that were written and whose results Claude's record does not hold. Asked right after Claude was killed, these
 * are the only ones that may come again: what it does not remember, it cannot know. `lives` are the
 * markers of what was killed: a call may outlive Claude by a moment, and write in it.
 */
export async function forgottenLines(cluster: Cluster, site: Worksite, lives: readonly string[]): Promise<Set<number>> {
  const recorded = await recordedLines(cluster, site);
  for (const life of lives) await leftOf(life);
  return new Set((await readLines(site)).filter((number) => !recorded.has(number)));
}

/** Looks at everything a site left. `open` are the lines that Claude did not remember when it was killed, by session. */
export async function inspect(
  cluster: Cluster,
  sites: readonly Worksite[],
  open: ReadonlyMap<string, ReadonlySet<number>>,
): Promise<Findings> {
  const found: Findings = { runs: 0, lost: [], doubled: [], repeated: [], untrue: [], left: 0 };
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
    else if (times === 2 && open.has(number)) found.repeated.push(`${sessionId} has line ${number} again`);
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
          .where((of) => of.or([of("attempts.finishedAt", "is", null), of("attempts.keptAt", "is", null)]))
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

/** Processes of a run, or of one life of it, that are still there some seconds after its end. */
async function leftOf(marker: string): Promise<number> {
  for (const deadline = Date.now() + GONE_MS; ; await sleep(50)) {
    const left = await findMarkedProcesses(marker);
    if (left.length === 0 || Date.now() > deadline) return left.length;
  }
}
