import { openChannels } from "./app-channels.ts";
import { hooksOnly, openDoors, type Core } from "./app-doors.ts";
import { openCounts } from "./app-orchestration.ts";
import { connectToHub } from "./app-orchestrator.ts";
import { openServices } from "./app-services.ts";
import { createClaude } from "./claude/claude.ts";
import { findMarkedProcesses, sweepMarker } from "./claude/marked-processes.ts";
import type { Config } from "./config.ts";
import { serverVersion } from "./db/database.ts";
import { openListener } from "./db/notify.ts";
import { openLedger } from "./db/open-ledger.ts";
import { createOutboundUrls } from "./deliveries/outbound-url.ts";
import { openHookService } from "./hooks/hook-service.ts";
import { hookUrl } from "./hooks/hook-url.ts";
import { healthRoutes } from "./http/health-routes.ts";
import type { HttpParts } from "./http/http-app.ts";
import { createMetricsRoutes } from "./http/metrics-routes.ts";
import { createRequestMetrics } from "./http/request-metrics.ts";
import { type AppServer, startServer } from "./http/server.ts";
import { AppError } from "./lib/errors.ts";
import type { Logger } from "./lib/logger.ts";
import { VERSION } from "./lib/version.ts";
import { openQueue } from "./queue/queue.ts";
import { wakeBudgetWaits } from "./runs/budget-queries.ts";
import { readMachineFacts } from "./runs/machine-facts.ts";
import { startReaper } from "./runs/reaper.ts";
import { createRetentionRoutes } from "./runs/retention-routes.ts";
import { createRetention } from "./runs/retention.ts";
import { createRunService } from "./runs/run-service.ts";
import { readWorkerId } from "./runs/worker-id.ts";
import { startWorker } from "./runs/worker.ts";
import { openSchedules } from "./schedules/schedules.ts";
import { openMetrics } from "./usage/metrics.ts";
import { createUsageRoutes } from "./usage/usage-routes.ts";
import { createUsageService } from "./usage/usage-service.ts";
import { createWorkspaceService } from "./workspaces/workspace-service.ts";

/** `serve` is everything; `worker` only carries out runs, for a server elsewhere on the same database. */
export type Role = "serve" | "worker";

/**
 * Makes every part, wires them, and owns their lives: what was made last is released first. It listens before the
 * worker starts, so that a long list of runs to take up again delays no request.
 */
export async function startApp(config: Config, log: Logger, role: Role = "serve") {
  await using parts = new AsyncDisposableStack();
  const workerId = await readWorkerId(config.dataDir);
  const storage = await openStorage(config, log, { parts, role });
  const { db, queue } = storage;
  await queue.addWorker(workerId);

  const address = { url: "", hooks: "" };
  const claude = createClaude({
    config: config.claude,
    claudeDir: config.runs.claudeDir,
    hookUrl: () => address.hooks,
  });
  const workspaces = createWorkspaceService({ db, config: config.workspaces, log });
  await workspaces.ensureBase();
  const hooks = parts.use(openHookService({ db, connectionString: storage.connectionString, log, workerId }));
  const runs = createRunService({ db, nudge: queue.nudge });
  const outboundUrls = createOutboundUrls(config.outbound);
  const hub: Core["hub"] = { connection: () => null };
  const core: Core = { config, log, workerId, storage, claude, workspaces, hooks, runs, address, hub, outboundUrls };

  const serving = role === "serve" ? await openServing(core, parts) : undefined;
  const operations = await openOperations(core, parts);
  let ready = false;
  const health = healthRoutes({ checkDatabase: () => serverVersion(db), isReady: () => ready, version: VERSION });
  const doors = serving?.doorsWith(operations.routers) ?? hooksOnly(core);
  const server = parts.use(await startServer({ ...doors, openRouters: [health, ...doors.openRouters] }));
  address.url = server.url;
  address.hooks = hookUrl({ ...config.http, port: server.port });
  operations.requests.watch(server.server);
  await serving?.channels.start();
  await serving?.connectHub(server);
  const worker = parts.use(
    await startWorker({
      db,
      queue,
      nudge: queue.nudge,
      log,
      workspaces,
      claude,
      config: config.runs,
      workerId,
      version: VERSION,
    }),
  );
  ready = true;

  const kept = parts.move();
  return {
    url: server.url,
    /** Ends the runs that are on instead of leaving them to the next start. */
    stopRuns: worker.stopRuns,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** The ledger and the queue. */
async function openStorage(config: Config, log: Logger, { parts, role }: { parts: AsyncDisposableStack; role: Role }) {
  if (role === "worker" && config.databaseUrl === undefined)
    throw new AppError("invalid", "A worker needs DATABASE_URL: the embedded database serves one process only");
  const ledger = await openLedger(config, log, parts);
  const queue = parts.use(await openQueue({ connectionString: ledger.connectionString, log }));
  return { ...ledger, queue };
}

/** What people and programs talk to, and what talks to them. */
async function openServing(core: Core, parts: AsyncDisposableStack) {
  const listener = parts.use(await openListener(core.storage.connectionString, core.log));
  const services = await openServices(core, { parts, listener });
  const channels = await openChannels(core, services, { parts, listener });
  const counts = await openCounts(core, services, { parts, listener });
  const schedules = parts.use(openSchedules({ ...services, db: core.storage.db, log: core.log }));
  const doorsWith = (routers: HttpParts["routers"]): HttpParts =>
    counts.addTo(
      openDoors(core, services, {
        openRouters: channels.openRouters,
        hookRouters: channels.rawRouters,
        routers: [...channels.routers, ...schedules.routers, ...routers],
      }),
    );
  const connectHub = (server: AppServer) => connectToHub(core, services, { parts, listener, server });
  return { channels, doorsWith, connectHub };
}

/** What keeps an installation healthy, and what it shows of itself. */
async function openOperations(
  { config, log, workerId, storage, workspaces, hooks }: Core,
  parts: AsyncDisposableStack,
) {
  const { db } = storage;
  const { runs, retention: lifetimes } = config;
  const reaper = parts.use(await startReaper({ db, log, findMarked: findMarkedProcesses, sweep: sweepMarker }));
  await wakeBudgetWaits(db, workerId);
  const dirs = { runs: runs.dir, claude: runs.claudeDir };
  const { archive: archiveWorkspace, cleanSnapshots } = workspaces;
  const cleaning = { db, log, workerId, dirs, archiveWorkspace, cleanSnapshots };
  const retention = createRetention({ ...cleaning, config: lifetimes });
  parts.use(retention.start());
  const usage = createUsageService({ db, limits: runs.budgets });
  const metrics = parts.use(
    openMetrics({
      db,
      workerId,
      slots: runs.maxConcurrent,
      workspaceBase: config.workspaces.base,
      usage,
      reaper,
      readMachine: () => readMachineFacts(runs.roomIn),
      hooksReceived: () => hooks.received,
    }),
  );
  const requests = createRequestMetrics();
  return {
    requests,
    routers: [
      createUsageRoutes({ usage }),
      createRetentionRoutes({ retention }),
      createMetricsRoutes({ requests, collect: metrics.collect }),
    ],
  };
}
