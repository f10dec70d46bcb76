import { startApp, type Role } from "../app.ts";
import { loadDotEnv, readConfig } from "../config.ts";
import { createLogger } from "../lib/logger.ts";
import { startBuild } from "./build-dashboard.ts";
import { untilSignal } from "./until-signal.ts";

const STOP_RUNS_MS = 20_000;

interface ServeOptions {
  stopRuns: boolean;
  role?: Role;
  orchestratorToken?: string | undefined;
}

/** Serves until it is told to stop; what runs then goes on and is found again by the next start. */
export async function serve({ stopRuns, role = "serve", orchestratorToken }: ServeOptions): Promise<void> {
  loadDotEnv();
  const config = readConfig(
    undefined,
    orchestratorToken === undefined ? {} : { ORCHESTRATOR_TOKEN: orchestratorToken },
  );
  if (config.hub.isServed) return (await import("./hub-command.ts")).serveHub();
  const log = createLogger(config.logLevel);
  const stopping = untilSignal((signal) => log.info({ signal }, "stopping; a second signal ends at once"));
  await using app = await startApp(config, log, role);
  log.info({ url: app.url }, role === "serve" ? `ready: open ${app.url}` : "ready: carrying out runs");
  const building = role === "serve" ? startBuild(config.http.dashboardDir, log) : undefined;
  await stopping;
  building?.[Symbol.dispose]();
  if (stopRuns) await app.stopRuns(STOP_RUNS_MS);
}
