import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { RunPage } from "../../src/contract/run.ts";
import { Session } from "../../src/contract/session.ts";
import { readEvents } from "../support/event-stream.ts";
import { makeRepository } from "../support/git.ts";
import { apiOf } from "../support/server-process.ts";
import { loadNow, middleAnd95, openBenchPlace } from "./bench-server.ts";
import { percentile } from "./percentile.ts";
import { openPlainClaude } from "./plain-claude.ts";
import { watchRuns } from "./run-watch.ts";

/**
 * What a run costs beside Claude itself, and where the time goes: node test/bench/run-overhead.ts
 *   --rounds 15    rounds; in each one Claude alone, Claude with a run's arguments, a local folder and a worktree
 */
const { values } = parseArgs({ options: { rounds: { type: "string", default: "15" } } });
const rounds = Number(values.rounds);
const PROMPT = 'Say that it is done. MOCK[{"text":"It is done."}]';
const FINISH_MS = 60_000;

type Kind = "local" | "worktree";
type Times = Map<string, number[]>;

await using place = await openBenchPlace();
const folder = join(place.folder, "plain");
await mkdir(folder);
const repository = await makeRepository(join(place.folder, "repository"));
await using server = await place.start();
const { request } = apiOf(server);
await using claude = await openPlainClaude(place.environment());
const wholes: Times = new Map();
const stages: Record<Kind, Times> = { local: new Map(), worktree: new Map() };
/** When sessions were completed, also of those nobody waits for yet. */
const early = new Map<string, number>();
const finished = new Map<string, (at: number) => void>();
const following = new AbortController();
const followed = follow();

await claude.plain(PROMPT);
await claude.likeRun(PROMPT);
for (const kind of ["local", "worktree"] as const) await run(kind);
console.log(`before: ${loadNow()}`);
for (let round = 0; round < rounds; round++) {
  add(wholes, "plain", await claude.plain(PROMPT));
  add(wholes, "likeRun", await claude.likeRun(PROMPT));
  for (const kind of ["local", "worktree"] as const) {
    const { whole, parts } = await run(kind);
    add(wholes, kind, whole);
    for (const [name, ms] of Object.entries(parts)) add(stages[kind], name, ms);
  }
}
console.log(`after: ${loadNow()}`);
following.abort();
await followed;
report();

/** One session from its request to the news that it is completed. */
async function run(kind: Kind): Promise<{ whole: number; parts: Record<string, number> }> {
  using watch = watchRuns(join(place.dataDir, "runs"));
  const body = { projectType: kind, projectPath: kind === "local" ? folder : repository, initialPrompt: PROMPT };
  const begun = Date.now();
  const { id } = await request(Session, "/api/sessions", { method: "POST", body });
  const answered = Date.now();
  const heard = await untilCompleted(id);
  const [ended] = (await request(RunPage, `/api/sessions/${id}/runs`)).items;
  const asked = place.model.requests.find((one) => one.sessionId === id)?.at;
  const { folder: made, pid, firstLine, resultLine, exit } = watch.marks;
  const moments = {
    "POST answered": answered,
    "admitted: the run has its slot": momentOf(ended?.startedAt),
    "workspace ready, the run's folder made": made,
    "Claude's wrapper has started": pid,
    "its first line": firstLine,
    "it asked the model": asked,
    "its result line": resultLine,
    "it has ended": exit,
    "the end is in the ledger": momentOf(ended?.finishedAt),
    "a follower of the feed hears `completed`": heard,
  };
  const parts: Record<string, number> = {};
  let before = begun;
  for (const [name, moment = Number.NaN] of Object.entries(moments)) {
    parts[name] = moment - before;
    before = moment;
  }
  parts["(all but Claude's own life)"] = heard - begun - ((exit ?? Number.NaN) - (pid ?? Number.NaN));
  return { whole: heard - begun, parts };
}

function momentOf(text: string | null | undefined): number {
  return text ? Date.parse(text) : Number.NaN;
}

function untilCompleted(id: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`session ${id} did not end`)), FINISH_MS);
    finished.set(id, (at) => {
      clearTimeout(late);
      resolve(at);
    });
    const known = early.get(id);
    if (known !== undefined) finished.get(id)?.(known);
  });
}

/** One feed for all runs, as a dashboard has it. */
async function follow(): Promise<void> {
  try {
    const response = await fetch(`${server.url}/api/events`, { signal: following.signal });
    for await (const { data } of readEvents(response)) hear(JSON.parse(data) as Heard);
  } catch (error) {
    if (!following.signal.aborted) throw error;
  }
}

interface Heard {
  sessionId?: string;
  type?: string;
  data?: { status?: string };
}

function hear({ sessionId, type, data }: Heard): void {
  if (sessionId === undefined || type !== "session.status") return;
  if (data?.status === "failed") throw new Error(`session ${sessionId} failed`);
  if (data?.status !== "completed") return;
  early.set(sessionId, Date.now());
  finished.get(sessionId)?.(Date.now());
}

function add(to: Times, name: string, ms: number): void {
  to.set(name, [...(to.get(name) ?? []), ms]);
}

/** Pair by pair, so that a machine that is slower for a while slows both. */
function differences(name: string, from: string): number[] {
  const base = wholes.get(from) ?? [];
  return (wholes.get(name) ?? []).map((ms, index) => ms - (base[index] ?? Number.NaN));
}

function report(): void {
  console.log(
    "\n| p50 / p95 ms | whole | over `claude --print` | ratio | over Claude with a run's arguments | ratio |",
  );
  console.log("|-|-|-|-|-|-|");
  for (const [name, times] of wholes) {
    const cells = ["plain", "likeRun"].flatMap((base) => {
      const ratios = times.map((ms, index) => ms / (wholes.get(base)?.[index] ?? Number.NaN));
      return [middleAnd95(differences(name, base)), percentile(ratios, 0.5).toFixed(2)];
    });
    console.log(`| ${[name, middleAnd95(times), ...cells].join(" | ")} |`);
  }
  for (const kind of ["local", "worktree"] as const) {
    console.log(`\n| ${kind}: from the moment before | p50 / p95 ms |\n|-|-|`);
    for (const [name, times] of stages[kind]) console.log(`| ${name} | ${middleAnd95(times)} |`);
  }
}
