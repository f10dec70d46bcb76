import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { z } from "zod";
import { startScriptedModel, type ScriptedModel } from "../../demo/scripted-model.ts";
import { startApp } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import { CommandLogPage } from "../../src/contract/command-log.ts";
import { MessagePage, PostedMessage } from "../../src/contract/message.ts";
import { RunPage } from "../../src/contract/run.ts";
import { Session, type SessionStatus } from "../../src/contract/session.ts";
import type { Database } from "../../src/db/database.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { compileCache } from "./compile-cache.ts";
import { testDatabase } from "./database.ts";

/** What the server's environment holds in tests: nothing of the machine's but its PATH, and where it keeps compiled code. */
const FAKE_KEY = "sk-ant-test-0000000000000000";
const FINISH_MS = 45_000;

export interface TestApp extends AsyncDisposable {
  url: string;
  db: Database;
  model: ScriptedModel;
  /** A folder that goes with the app. */
  folder: string;
  environment: Record<string, string>;
  /** One request; the answer is checked against `shape`, and must be a success. */
  request<T>(shape: z.ZodType<T>, path: string, init?: { method?: string; body?: unknown }): Promise<T>;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  start(body: object): Promise<Session>;
  say(sessionId: string, body: object): Promise<PostedMessage>;
  /** The session once it has one of these statuses. */
  until(sessionId: string, statuses: readonly SessionStatus[]): Promise<Session>;
  messages(sessionId: string): Promise<MessagePage["items"]>;
  logs(sessionId: string): Promise<CommandLogPage["items"]>;
  runs(sessionId: string): Promise<RunPage["items"]>;
  /** Ends the server and starts another on the same ledger and folders. */
  restart(): Promise<void>;
}
type MessagePage = z.infer<typeof MessagePage>;
type CommandLogPage = z.infer<typeof CommandLogPage>;
type RunPage = z.infer<typeof RunPage>;

/** The environment of a server under test: own folders, own database, the scripted model, no key of anybody. */
export function testEnvironment(folder: string, values: Record<string, string>): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "/usr/bin:/bin",
    ...compileCache,
    HOME: join(folder, "home"),
    LANG: "C.UTF-8",
    DATA_DIR: join(folder, "data"),
    WORKSPACE_BASE: join(folder, "workspaces"),
    API_PORT: "0",
    LOG_LEVEL: process.env["TEST_LOG_LEVEL"] ?? "silent",
    ANTHROPIC_API_KEY: FAKE_KEY,
    // Against the scripted model a run stays small; small machines would otherwise let them wait for each other.
    RUN_MEMORY_MB: "256",
    CLAUDE_CODE_MAX_RETRIES: "1",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_TELEMETRY: "1",
    DISABLE_ERROR_REPORTING: "1",
    ...values,
  };
}

/** Asks, throws what is no success, and checks the answer's shape. */
function requesterBy(fetchPath: (path: string, init?: RequestInit) => Promise<Response>): TestApp["request"] {
  return async (shape, path, { method = "GET", body } = {}) => {
    const json = { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
    const response = await fetchPath(path, { method, ...(body === undefined ? {} : json) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return shape.parse(JSON.parse(text));
  };
}

/**
 * The whole server in this process, on a database of its own, with the real CLI against a scripted model; its pages are
 * this installation's unless `dashboardDir` has others.
 */
export async function testApp(
  values: Record<string, string> = {},
  { dashboardDir }: { dashboardDir?: string } = {},
): Promise<TestApp> {
  await using parts = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "orch-app-"));
  parts.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  await mkdir(join(folder, "home"));
  const database = parts.use(await testDatabase());
  const model = parts.use(await startScriptedModel());
  const environment = testEnvironment(folder, {
    DATABASE_URL: database.connectionString,
    ANTHROPIC_BASE_URL: model.url,
    ...values,
  });
  const launch = () => {
    const config = readConfig(environment);
    const http = { ...config.http, ...(dashboardDir !== undefined && { dashboardDir }) };
    return startApp({ ...config, http }, createLogger(environment["LOG_LEVEL"] ?? "silent"));
  };
  let app = await launch();
  parts.defer(() => app[Symbol.asyncDispose]());
  const kept = parts.move();

  const fetchPath = (path: string, init?: RequestInit) => fetch(`${app.url}${path}`, init);
  const request = requesterBy(fetchPath);
  const session = (id: string) => request(Session, `/api/sessions/${id}`);

  return {
    get url() {
      return app.url;
    },
    db: database.db,
    model,
    folder,
    environment,
    request,
    fetch: fetchPath,
    start: (body) => request(Session, "/api/sessions", { method: "POST", body }),
    say: (id, body) => request(PostedMessage, `/api/sessions/${id}/messages`, { method: "POST", body }),
    async until(id, statuses) {
      const deadline = Date.now() + FINISH_MS;
      for (;;) {
        const now = await session(id);
        if (statuses.includes(now.status)) return now;
        if (Date.now() > deadline)
          throw new Error(`session is ${now.status} (${now.activity}), not ${statuses.join(" or ")}`);
        await sleep(25);
      }
    },
    messages: async (id) => (await request(MessagePage, `/api/sessions/${id}/messages`)).items.toReversed(),
    logs: async (id) => (await request(CommandLogPage, `/api/sessions/${id}/logs`)).items.toReversed(),
    runs: async (id) => (await request(RunPage, `/api/sessions/${id}/runs`)).items.toReversed(),
    async restart() {
      await app[Symbol.asyncDispose]();
      app = await launch();
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
