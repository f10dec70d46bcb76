import { chmod, mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { startApp } from "../src/app.ts";
import { findClaude } from "../src/claude/claude-command.ts";
import { buildDashboard } from "../src/cli/build-dashboard.ts";
import { readConfig } from "../src/config.ts";
import { AppError } from "../src/lib/errors.ts";
import { createLogger } from "../src/lib/logger.ts";
import { play } from "./play.ts";
import { repositories, searchFolder } from "./project-files.ts";
import { makeGitHost, makeRepository } from "./repositories.ts";
import { createScenario } from "./scenes/scenes.ts";
import { startScriptedModel } from "./scripted-model.ts";

/*
 * The whole server with the real Claude Code, and a scripted model on loopback in place of Claude's: no key, no account,
 * no cost, nothing left behind.
 */

const FIRST_PORT = 3001;
const PORTS = 20;
const STOP_RUNS_MS = 8_000;
/** All that the demo takes from its environment. */
const { PATH = "/usr/local/bin:/usr/bin:/bin", LOG_LEVEL = "error" } = process.env;

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });

async function freePort(): Promise<number> {
  for (let port = FIRST_PORT; port < FIRST_PORT + PORTS; port++) if (await isFree(port)) return port;
  return 0;
}

/** A folder that goes with the demo. Started by root, the database runs as another account and must get through. */
async function makeFolder(parts: AsyncDisposableStack): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "orchestrator-demo-")));
  parts.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const data = join(folder, "data");
  for (const name of ["data", "home", "remotes", "search"]) await mkdir(join(folder, name), { mode: 0o700 });
  for (const path of [folder, data]) await chmod(path, 0o711);
  return folder;
}

/** The pinned Claude Code, whose behaviour the script knows; the one on the PATH when that is not installed. */
async function claudeCommand(): Promise<Record<string, string>> {
  const { argv } = await findClaude({ path: "" }).catch(() => findClaude({ path: PATH }));
  return argv.length === 1 && argv[0] !== undefined ? { CLAUDE_COMMAND: argv[0] } : {};
}

const untilSignal = new Promise<void>((resolve) => {
  let signals = 0;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      signals += 1;
      if (signals > 1) process.exit(130);
      resolve();
    });
  }
});

const say = (text: string): void => void process.stdout.write(text);

async function main(): Promise<void> {
  await using parts = new AsyncDisposableStack();
  const log = createLogger(LOG_LEVEL);
  say("Preparing the demo: repositories, a database, the dashboard …\n");
  const folder = await makeFolder(parts);
  const localFolder = join(folder, "search");
  await makeGitHost(join(folder, "remotes"), PATH, repositories);
  await makeRepository(localFolder, PATH, searchFolder);
  const model = parts.use(
    await startScriptedModel({ scenarios: [createScenario()], pace: { letters: 24, pauseMs: 12 } }),
  );
  const config = readConfig({
    PATH,
    LANG: "C.UTF-8",
    HOME: join(folder, "home"),
    DATA_DIR: join(folder, "data"),
    WORKSPACE_BASE: join(folder, "workspaces"),
    GITHUB_URL: pathToFileURL(join(folder, "remotes")).href,
    API_PORT: String(await freePort()),
    MAX_CONCURRENT_RUNS: "6",
    ANTHROPIC_BASE_URL: model.url,
    ANTHROPIC_API_KEY: "sk-ant-no-key-is-needed-for-the-demo",
    CLAUDE_CODE_MAX_RETRIES: "0",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_TELEMETRY: "1",
    DISABLE_ERROR_REPORTING: "1",
    ...(await claudeCommand()),
  });
  const app = parts.use(await startApp(config, log));
  await buildDashboard(config.http.dashboardDir, log);
  say(`
  Claude Orchestrator, with a scripted model instead of Claude's. Everything else is real.

  Open   ${app.url.replace("127.0.0.1", "localhost")}
  Stop   Ctrl-C; nothing stays behind

`);
  const stopping = new AbortController();
  const playing = play({ url: app.url, localFolder, signal: stopping.signal }).catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error;
  });
  await Promise.race([untilSignal, playing.then(() => untilSignal)]);
  say("Stopping …\n");
  stopping.abort();
  await playing;
  await app.stopRuns(STOP_RUNS_MS);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof AppError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
