import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findClaude } from "../../src/claude/claude-command.ts";
import { findMarkedProcesses } from "../../src/claude/marked-processes.ts";
import type { TestApp } from "./app.ts";

/** What a run has around it that will not end by itself. */
const COMPANIONS = ["none", "mcp", "setsid", "bare"] as const;
type Companion = (typeof COMPANIONS)[number];

const MCP_SERVER = resolve(import.meta.dirname, "../fixtures/stubborn-mcp-server.ts");
const GONE_MS = 10_000;

/** A session with one run, and what it left. */
export interface ParallelRun {
  sessionId: string;
  runId: string;
  companion: Companion;
  status: string;
  answer: string | undefined;
  wanted: string;
  /** What a command of the run saw of its surroundings. */
  seen: { tmpDir: string; configDir: string; marker: string; tmpFiles: string };
  /** The settings that Claude keeps for the session: whether they can be read. */
  configIsWhole: boolean;
  mcpServerStarted: boolean;
}

/**
 * A claude command for the tests: the pinned one, but in a folder whose name ends in `-mcp` it also gets an MCP server that
 * ignores SIGTERM and the end of its input.
 */
export async function makeClaudeWithMcp(folder: string): Promise<string> {
  const { argv } = await findClaude({ path: "/nowhere" });
  await mkdir(folder, { recursive: true });
  const config = join(folder, "mcp.json");
  const server = { command: process.execPath, args: [MCP_SERVER] };
  await writeFile(config, JSON.stringify({ mcpServers: { stubborn: server } }));
  const claude = argv.map((word) => `'${word}'`).join(" ");
  const command = join(folder, "claude");
  await writeFile(
    command,
    `#!/bin/sh\ncase "$PWD" in *-mcp) exec ${claude} '--mcp-config=${config}' "$@" ;; esac\nexec ${claude} "$@"\n`,
  );
  await chmod(command, 0o755);
  return command;
}

/** A name that shows in the command line of what a run leaves behind. */
const leftoverName = (folder: string, index: number): string => `stubborn-${folder.split("-").at(-1) ?? ""}-${index}.`;

/** Children that ignore signals; `setsid` leaves the process group, `bare` also the environment with the run's marker. */
function companionCommand(companion: Companion, name: string): string {
  const shell = `sh -c 'trap "" TERM INT HUP; while :; do sleep 1; done' ${name} </dev/null >/dev/null 2>&1 &`;
  if (companion === "setsid") return `setsid ${shell}`;
  return companion === "bare" ? `env -i setsid ${shell}` : "true";
}

/** Starts as many sessions at once as asked for, each in a folder of its own, and returns when all have ended. */
export async function runInParallel(app: TestApp, count: number, finishMs: number): Promise<ParallelRun[]> {
  const started = await Promise.all(Array.from({ length: count }, (_, index) => startOne(app, index)));
  const ids = started.map(({ sessionId }) => sessionId);
  for (const deadline = Date.now() + finishMs; Date.now() < deadline; await sleep(250)) {
    const open = await app.db
      .selectFrom("runs")
      .select("id")
      .where("sessionId", "in", ids)
      .where("finishedAt", "is", null)
      .execute();
    if (open.length === 0) break;
  }
  return Promise.all(started.map((one) => lookAt(app, one)));
}

interface Started {
  sessionId: string;
  projectPath: string;
  companion: Companion;
  wanted: string;
}

async function startOne(app: TestApp, index: number): Promise<Started> {
  const companion = COMPANIONS[index % COMPANIONS.length] ?? "none";
  const projectPath = join(app.folder, `parallel-${index}-${companion}`);
  await mkdir(projectPath);
  const wanted = `answer ${index}`;
  const look = `touch "$TMPDIR/of-${index}"; printf '%s\\n' "$TMPDIR" "$CLAUDE_CONFIG_DIR" "$ORCH_RUN" "$(ls "$TMPDIR" | grep ^of-)" > seen`;
  const steps = [
    { bash: look },
    { bash: companionCommand(companion, leftoverName(app.folder, index)) },
    { text: wanted },
  ];
  const { sessionId } = await app.start({
    projectType: "local",
    projectPath,
    initialPrompt: `MOCK${JSON.stringify(steps)}`,
  });
  return { sessionId, projectPath, companion, wanted };
}

async function lookAt(app: TestApp, { sessionId, projectPath, companion, wanted }: Started): Promise<ParallelRun> {
  const [run] = await app.runs(sessionId);
  const answer = (await app.messages(sessionId)).findLast(({ direction }) => direction === "outbound")?.content;
  const seen = (await textOf(join(projectPath, "seen"))).split("\n");
  const [tmpDir = "", configDir = "", marker = "", ...tmpFiles] = seen;
  return {
    sessionId,
    runId: run?.runId ?? "",
    companion,
    status: `${run?.status} ${run?.error ?? ""}`.trim(),
    answer,
    wanted,
    seen: { tmpDir, configDir, marker, tmpFiles: tmpFiles.join("\n").trim() },
    configIsWhole: isObject(await textOf(join(app.folder, "data", "claude", sessionId, ".claude.json"))),
    mcpServerStarted: (await textOf(join(projectPath, "mcp-server-was-here"))) !== "",
  };
}

/** Processes of these runs, by their marker or by their name, that are still there some seconds after the end. */
export async function leftProcesses(app: TestApp, runs: readonly ParallelRun[]): Promise<string[]> {
  const name = leftoverName(app.folder, 0).replace("0.", "");
  for (const deadline = Date.now() + GONE_MS; ; await sleep(100)) {
    const markers = (await findMarkedProcesses("")).map(({ marker }) => marker);
    const marked = markers.filter((marker) => runs.some(({ runId }) => marker.startsWith(runId)));
    const left = [...marked, ...(await commandLines()).filter((line) => line.includes(name))];
    if (left.length === 0 || Date.now() > deadline) return left;
  }
}

async function commandLines(): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((file) => /^\d+$/.test(file));
  return Promise.all(pids.map((pid) => textOf(`/proc/${pid}/cmdline`)));
}

const textOf = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");

function isObject(text: string): boolean {
  try {
    return typeof JSON.parse(text) === "object";
  } catch {
    return false;
  }
}
