import { startApp, type Role } from "../app.ts";
import { loadDotEnv, readConfig } from "../config.ts";
import { toError } from "../lib/errors.ts";
import { createLogger, type Logger } from "../lib/logger.ts";
import { buildDashboard } from "./build-dashboard.ts";
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
  const building = new AbortController();
  if (role === "serve") startBuild(config.http.dashboardDir, log, building.signal);
  await stopping;
  building.abort();
  if (stopRuns) await app.stopRuns(STOP_RUNS_MS);
}

/** Beside the running server: the API and a page that says so are there already. */
function startBuild(dashboardDir: string, log: Logger, signal: AbortSignal): void {
  buildDashboard(dashboardDir, log, signal).catch((error: unknown) => {
    if (!signal.aborted)
      log.error({ err: toError(error) }, "the dashboard could not be built; the API works without it");
  });
}
