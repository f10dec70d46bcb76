import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { z } from "zod";
import type { Scenario } from "../../demo/script-player.ts";
import { startScriptedModel, type ScriptedModel } from "../../demo/scripted-model.ts";
import { findMarkedProcesses } from "../../src/claude/marked-processes.ts";
import { CommandLogPage } from "../../src/contract/command-log.ts";
import { MessagePage, PostedMessage } from "../../src/contract/message.ts";
import { RunPage } from "../../src/contract/run.ts";
import { Session, type SessionStatus } from "../../src/contract/session.ts";
import { testEnvironment } from "./app.ts";
import { removeDataDir } from "./embedded-server.ts";

const MAIN = resolve(import.meta.dirname, "../../src/main.ts");
const READY_MS = 60_000;
const FINISH_MS = 60_000;
const EXIT_MS = 30_000;

export interface ServerProcess extends AsyncDisposable {
  url: string;
  pid: number;
  /** All it wrote so far. */
  log(): string;
  signal(name: NodeJS.Signals): void;
  /** How it ended; rejects when it does not within `ms` (30 s). */
  exited(ms?: number): Promise<{ code: number | null; signal: NodeJS.Signals | null; seconds: number }>;
}

/** A folder for a server and its data, with a scripted model that outlives every server in it. */
export interface ServerPlace extends AsyncDisposable {
  folder: string;
  model: ScriptedModel;
  /** What a server here is started with; an empty value takes a variable away. */
  environment(values?: Record<string, string>): Record<string, string>;
  /** `node src/main.ts` on an embedded database in this folder; resolves when it is ready. */
  start(values?: Record<string, string>, args?: readonly string[]): Promise<ServerProcess>;
  /** The same, without waiting for anything. */
  launch(values?: Record<string, string>, args?: readonly string[]): ServerProcess;
}

export async function openServerPlace(scenarios: readonly Scenario[] = []): Promise<ServerPlace> {
  await using parts = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "orch-server-"));
  parts.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  // Started by root, the database has another account, which keeps it elsewhere.
  parts.defer(() => removeDataDir(join(folder, "data")));
  await mkdir(join(folder, "home"));
  const model = parts.use(await startScriptedModel({ scenarios }));
  const environment = (values: Record<string, string> = {}) => {
    const all = { ANTHROPIC_BASE_URL: model.url, LOG_LEVEL: "info", CLAUDE_ALLOWED_TOOLS: "Bash", ...values };
    return Object.fromEntries(Object.entries(testEnvironment(folder, all)).filter(([, value]) => value !== ""));
  };
  const launch = (values: Record<string, string> = {}, args: readonly string[] = []) =>
    launchServer(folder, environment(values), args);
  const kept = parts.move();
  return {
    folder,
    model,
    environment,
    launch,
    async start(values, args) {
      const server = launch(values, args);
      await untilReady(server);
      return server;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function launchServer(folder: string, env: Record<string, string>, args: readonly string[]): ServerProcess {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  // "close" comes after the last of its output.
  const closed = once(child, "close");
  for (const output of [child.stdout, child.stderr])
    output.setEncoding("utf8").on("data", (text: string) => (log += text));
  return {
    get url() {
      return readyUrl(log) ?? "";
    },
    pid: child.pid ?? 0,
    log: () => log,
    signal: (name) => void child.kill(name),
    exited: (ms) => untilExit(child, closed, { ms, log: () => log }),
    async [Symbol.asyncDispose]() {
      if (hasEnded(child)) return;
      child.kill("SIGTERM");
      await untilExit(child, closed, { log: () => log }).catch(() => child.kill("SIGKILL"));
    },
  };
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

const readyUrl = (log: string): string | undefined => /"url":"([^"]+)","msg":"ready/.exec(log)?.[1];

async function untilReady(server: ServerProcess): Promise<void> {
  const isGone = server.exited(READY_MS).then(
    () => true,
    () => true,
  );
  while (server.url === "") {
    if (await Promise.race([isGone, sleep(20).then(() => false)]))
      throw new Error(`the server did not become ready:\n${server.log()}`);
  }
}

async function untilExit(
  child: ChildProcess,
  closed: Promise<unknown>,
  { ms = EXIT_MS, log }: { ms?: number | undefined; log: () => string },
) {
  const start = performance.now();
  const late = new AbortController();
  const isLate = await Promise.race([
    closed.then(() => false),
    sleep(ms, true, { signal: late.signal }).catch(() => false),
  ]);
  late.abort();
  if (isLate) throw new Error(`the server did not end within ${ms / 1000} s:\n${log()}`);
  return { code: child.exitCode, signal: child.signalCode, seconds: (performance.now() - start) / 1000 };
}

/** What tests ask of a server over HTTP. */
export function apiOf(server: Pick<ServerProcess, "url" | "log">) {
  async function request<T>(
    shape: z.ZodType<T>,
    path: string,
    { method = "GET", body }: { method?: string; body?: unknown } = {},
  ): Promise<T> {
    const init =
      body === undefined
        ? { method }
        : { method, body: JSON.stringify(body), headers: { "content-type": "application/json" } };
    const response = await fetch(`${server.url}${path}`, init);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return shape.parse(JSON.parse(text));
  }
  return {
    request,
    start: (body: object) => request(Session, "/api/sessions", { method: "POST", body }),
    say: (id: string, body: object) => request(PostedMessage, `/api/sessions/${id}/messages`, { method: "POST", body }),
    session: (id: string) => request(Session, `/api/sessions/${id}`),
    async until(id: string, statuses: readonly SessionStatus[]): Promise<Session> {
      const deadline = Date.now() + FINISH_MS;
      for (;;) {
        const now = await request(Session, `/api/sessions/${id}`);
        if (statuses.includes(now.status)) return now;
        if (Date.now() > deadline)
          throw new Error(`session is ${now.status} (${now.activity}), not ${statuses.join(" or ")}:\n${server.log()}`);
        await sleep(25);
      }
    },
    messages: async (id: string) => (await request(MessagePage, `/api/sessions/${id}/messages`)).items.toReversed(),
    logs: async (id: string) => (await request(CommandLogPage, `/api/sessions/${id}/logs`)).items.toReversed(),
    runs: async (id: string) => (await request(RunPage, `/api/sessions/${id}/runs`)).items.toReversed(),
  };
}

/** Processes of runs that are alive on this machine, by their marker; `runId` narrows it to one run's. */
export async function processesOf(runId: string): Promise<number[]> {
  return (await findMarkedProcesses(runId)).map(({ pid }) => pid);
}

/** The prompt that makes the scripted model do these things. */
export const script = (...steps: object[]): string => `MOCK${JSON.stringify(steps)}`;
