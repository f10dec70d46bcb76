import { createCallbackChannel } from "./channels/callback/callback-channel.ts";
import { readCallbackSecret } from "./channels/callback/callback-secret.ts";
import { FLOOR_VERSION, PINNED_VERSION } from "./claude/claude-version.ts";
import { createClaude, type Claude } from "./claude/claude.ts";
import { findMarkedProcesses, sweepMarker } from "./claude/marked-processes.ts";
import type { Config } from "./config.ts";
import { serverVersion } from "./db/database.ts";
import { openListener, type Listener } from "./db/notify.ts";
import { openLedger } from "./db/open-ledger.ts";
import { startDeliverer } from "./deliveries/deliverer.ts";
import { createDeliveryRoutes } from "./deliveries/delivery-routes.ts";
import { createDeliveryService } from "./deliveries/delivery-service.ts";
import { createOutboundUrls, type OutboundUrls } from "./deliveries/outbound-url.ts";
import { createHookRoutes, createLogRoutes } from "./hooks/hook-routes.ts";
import { openHookService, type HookService } from "./hooks/hook-service.ts";
import { healthRoutes } from "./http/health-routes.ts";
import type { HttpParts } from "./http/http-app.ts";
import { createMetricsRoutes } from "./http/metrics-routes.ts";
import { createRequestMetrics } from "./http/request-metrics.ts";
import { startServer } from "./http/server.ts";
import { AppError } from "./lib/errors.ts";
import type { Logger } from "./lib/logger.ts";
import { VERSION } from "./lib/version.ts";
import { createMessageRoutes } from "./messages/message-routes.ts";
import { createMessageService } from "./messages/message-service.ts";
import { openQueue } from "./queue/queue.ts";
import { wakeBudgetWaits } from "./runs/budget-queries.ts";
import { readMachineFacts } from "./runs/machine-facts.ts";
import { startReaper } from "./runs/reaper.ts";
import { createRetentionRoutes } from "./runs/retention-routes.ts";
import { createRetention } from "./runs/retention.ts";
import { createRunRoutes } from "./runs/run-routes.ts";
import { createRunService, type RunService } from "./runs/run-service.ts";
import { createStatusRoutes, createVersionRoutes } from "./runs/status-routes.ts";
import { createStatusService, type StatusService } from "./runs/status-service.ts";
import { readWorkerId } from "./runs/worker-id.ts";
import { startWorker } from "./runs/worker.ts";
import { createEventRoutes } from "./sessions/event-routes.ts";
import { createEventService } from "./sessions/event-service.ts";
import { openFeed } from "./sessions/feed.ts";
import { createSessionRoutes } from "./sessions/session-routes.ts";
import { createSessionService } from "./sessions/session-service.ts";
import { openMetrics } from "./usage/metrics.ts";
import { createUsageRoutes } from "./usage/usage-routes.ts";
import { createUsageService } from "./usage/usage-service.ts";
import { createWorkspaceRoutes } from "./workspaces/workspace-routes.ts";
import { createWorkspaceService, type WorkspaceService } from "./workspaces/workspace-service.ts";

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
  const core: Core = { config, log, workerId, storage, claude, workspaces, hooks, runs, address, outboundUrls };

  const listener = role === "serve" ? parts.use(await openListener(storage.connectionString, log)) : undefined;
  const operations = await openOperations(core, parts);
  let ready = false;
  const health = healthRoutes({ checkDatabase: () => serverVersion(db), isReady: () => ready, version: VERSION });
  const more = operations.routers;
  const doors = listener ? await openDoors(core, { parts, listener, more }) : hooksOnly(core);
  const server = parts.use(await startServer({ ...doors, openRouters: [health, ...doors.openRouters] }));
  address.url = server.url;
  address.hooks = `http://${hookHost(config.http.host)}:${server.port}/api/hooks`;
  operations.requests.watch(server.server);
  if (listener) await openOutbox(core, { parts, listener });
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

type Storage = Awaited<ReturnType<typeof openStorage>>;

interface Core {
  config: Config;
  log: Logger;
  workerId: string;
  storage: Storage;
  claude: Claude;
  workspaces: WorkspaceService;
  hooks: HookService;
  runs: RunService;
  /** Where this process listens; known once it does. */
  address: { url: string; hooks: string };
  outboundUrls: OutboundUrls;
}

/**
 * The name Claude on this machine posts to: letter for letter that of `hooks install`, so that Claude posts a hook which
 * both name only once.
 */
const hookHost = (host: string): string => {
  if (["0.0.0.0", "::", "localhost"].includes(host)) return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
};

/** The ledger and the queue. */
async function openStorage(config: Config, log: Logger, { parts, role }: { parts: AsyncDisposableStack; role: Role }) {
  if (role === "worker" && config.databaseUrl === undefined)
    throw new AppError("invalid", "A worker needs DATABASE_URL: the embedded database serves one process only");
  const ledger = await openLedger(config, log, parts);
  const queue = parts.use(await openQueue({ connectionString: ledger.connectionString, log }));
  return { ...ledger, queue };
}

/** What sends; it says where we listen, so it begins after that. */
async function openOutbox(
  { config, log, storage, workspaces, address, outboundUrls }: Core,
  { parts, listener }: { parts: AsyncDisposableStack; listener: Listener },
) {
  const { db } = storage;
  const secret = await readCallbackSecret(config.outbound.callbackSecret, config.dataDir);
  const channels = [createCallbackChannel({ secret, outboundUrls, version: VERSION })];
  const baseUrl = () => config.http.publicUrl ?? address.url;
  const summarizeDiff = async (sessionId: string) => {
    const { base, files, added, removed } = await workspaces.diff(sessionId);
    return base === null ? null : { files: files.length, added, removed };
  };
  parts.use(await startDeliverer({ db, listener, log, channels, summarizeDiff, baseUrl }));
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
  const archiveWorkspace = workspaces.archive;
  const retention = createRetention({ db, log, workerId, dirs, archiveWorkspace, config: lifetimes });
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

/** Everything people and programs talk to. */
async function openDoors(
  core: Core,
  { parts, listener, more }: { parts: AsyncDisposableStack; listener: Listener; more: HttpParts["routers"] },
): Promise<HttpParts> {
  const { config, log, workerId, storage, claude, workspaces, hooks, runs, outboundUrls } = core;
  const { db, queue } = storage;
  const { nudge } = queue;
  const { allowBypass } = config.claude;
  const feed = parts.use(await openFeed({ db, listener, log }));
  const events = createEventService({ db, feed });
  const sessions = createSessionService({
    db,
    nudge,
    workerId,
    workspaces,
    outboundUrls,
    allowBypass,
    configDir: claude.configDir,
  });
  const messages = createMessageService({ db, nudge, outboundUrls });
  const deliveries = createDeliveryService({ db });
  const status = statusOf(core);
  return {
    settings: config.http,
    version: VERSION,
    log,
    verifyRunToken: runs.verifyToken,
    openRouters: [createVersionRoutes({ status })],
    hookRouters: [createHookRoutes({ hooks })],
    routers: [
      createSessionRoutes({ sessions }),
      createMessageRoutes({ messages }),
      createLogRoutes({ hooks }),
      createRunRoutes({ runs }),
      createDeliveryRoutes({ deliveries }),
      createWorkspaceRoutes({ workspaces }),
      createEventRoutes({ events }),
      createStatusRoutes({ status }),
      ...more,
    ],
  };
}

/** A worker listens only for the hooks of its own runs. */
const hooksOnly = ({ config, log, hooks, runs }: Core): HttpParts => ({
  settings: { ...config.http, host: "127.0.0.1", port: 0 },
  version: VERSION,
  log,
  verifyRunToken: runs.verifyToken,
  openRouters: [],
  hookRouters: [createHookRoutes({ hooks })],
  routers: [],
});

function statusOf({ config, workerId, storage, claude, hooks, address }: Core): StatusService {
  const { http, runs, workspaces } = config;
  return createStatusService({
    db: storage.db,
    databaseKind: storage.kind,
    workerId,
    slots: runs.maxConcurrent,
    claude: { find: claude.install, pinned: PINNED_VERSION, floor: FLOOR_VERSION },
    fixed: {
      signIn: http.apiKeys.length > 0 && !http.loopback ? "key" : "none",
      projectRoots: workspaces.projectRoots,
      defaults: {
        permissionMode: "acceptEdits",
        timeoutSeconds: runs.timeoutSeconds,
        bypassAllowed: config.claude.allowBypass,
      },
    },
    publicUrl: () => http.publicUrl ?? address.url,
    hooksReceived: () => hooks.received,
  });
}
