import { join } from "node:path";
import { createClaude, type Claude } from "./claude/claude.ts";
import { FLOOR_VERSION, PINNED_VERSION } from "./claude/claude-version.ts";
import type { Config } from "./config.ts";
import type { Version } from "./contract/system.ts";
import { createDatabase, serverVersion, type Database } from "./db/database.ts";
import { takeProcessLock } from "./db/embedded/process-lock.ts";
import { startEmbeddedPostgres } from "./db/embedded/embedded-postgres.ts";
import { migrate } from "./db/migrate.ts";
import { openListener } from "./db/notify.ts";
import { createHookRoutes, createLogRoutes } from "./hooks/hook-routes.ts";
import { openHookService } from "./hooks/hook-service.ts";
import { healthRoutes } from "./http/health-routes.ts";
import { startServer } from "./http/server.ts";
import type { Logger } from "./lib/logger.ts";
import { createMessageRoutes } from "./messages/message-routes.ts";
import { createMessageService } from "./messages/message-service.ts";
import { openQueue } from "./queue/queue.ts";
import { createRunRoutes } from "./runs/run-routes.ts";
import { createRunService } from "./runs/run-service.ts";
import { createStatusRoutes, createVersionRoutes } from "./runs/status-routes.ts";
import { createStatusService } from "./runs/status-service.ts";
import { startWorker } from "./runs/worker.ts";
import { readWorkerId } from "./runs/worker-id.ts";
import { createEventRoutes } from "./sessions/event-routes.ts";
import { createEventService } from "./sessions/event-service.ts";
import { openFeed } from "./sessions/feed.ts";
import { createSessionRoutes } from "./sessions/session-routes.ts";
import { createSessionService } from "./sessions/session-service.ts";
import { createWorkspaceRoutes } from "./workspaces/workspace-routes.ts";
import { createWorkspaceService } from "./workspaces/workspace-service.ts";

export const VERSION = "0.1.0";

export type App = Awaited<ReturnType<typeof startApp>>;

/**
 * Makes every part, wires them, and owns their lives: what was made last is released first. It listens before the
 * worker starts, so that a long list of runs to take up again delays no request.
 */
export async function startApp(config: Config, log: Logger) {
  await using parts = new AsyncDisposableStack();
  const workerId = await readWorkerId(config.dataDir);
  const database = await openDatabase(config, log, parts);
  const { connectionString } = database;
  const db = parts.adopt(createDatabase(connectionString), (it) => it.destroy());
  await migrate(db, config.sqlDir);
  const queue = parts.use(await openQueue({ connectionString, log }));
  await queue.addWorker(workerId);
  const listener = parts.use(await openListener(connectionString, log));
  const feed = parts.use(await openFeed({ db, listener, log }));

  const address = { url: "" };
  const workspaces = createWorkspaceService({ db, config: config.workspaces, log });
  await workspaces.ensureBase();
  const claude = createClaude({
    config: config.claude,
    claudeDir: config.runs.claudeDir,
    hookUrl: () => `${address.url}/api/hooks`,
  });
  const { nudge } = queue;
  const { allowBypass } = config.claude;
  const sessions = createSessionService({ db, nudge, workerId, workspaces, allowBypass, configDir: claude.configDir });
  const messages = createMessageService({ db, nudge });
  const runs = createRunService({ db, nudge });
  const events = createEventService({ db, feed });
  const hooks = parts.use(openHookService({ db, log, workerId }));
  const status = createStatusService({
    db,
    workerId,
    slots: config.runs.maxConcurrent,
    version: () => describe(database.kind, db, claude),
    fixed: {
      signIn: config.http.apiKeys.length > 0 && !config.http.loopback ? "key" : "none",
      projectRoots: config.workspaces.projectRoots,
      defaults: { permissionMode: "acceptEdits", timeoutSeconds: config.runs.timeoutSeconds, bypassAllowed: allowBypass },
    },
    publicUrl: () => config.http.publicUrl ?? address.url,
    hooksReceived: () => hooks.received,
  });

  let ready = false;
  const server = await startServer({
    settings: config.http,
    version: VERSION,
    log,
    verifyRunToken: runs.verifyToken,
    openRouters: [
      healthRoutes({ checkDatabase: () => serverVersion(db), isReady: () => ready, version: VERSION }),
      createVersionRoutes({ status }),
    ],
    hookRouters: [createHookRoutes({ hooks })],
    routers: [
      createSessionRoutes({ sessions }),
      createMessageRoutes({ messages }),
      createLogRoutes({ hooks }),
      createRunRoutes({ runs }),
      createWorkspaceRoutes({ workspaces }),
      createEventRoutes({ events }),
      createStatusRoutes({ status }),
    ],
  });
  address.url = server.url;
  parts.use(server);
  const worker = parts.use(
    await startWorker({ db, queue, nudge, log, workspaces, claude, config: config.runs, workerId, version: VERSION }),
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

/** What runs here, in versions. A CLI that is missing is said, not thrown: the server works without one. */
async function describe(kind: OpenedDatabase["kind"], db: Database, claude: Pick<Claude, "install">): Promise<Version> {
  const install = await claude.install().catch(() => undefined);
  return {
    name: "claude-orchestrator",
    version: VERSION,
    node: process.versions.node,
    database: { kind, version: await serverVersion(db) },
    claude: {
      command: install?.argv.join(" ") ?? null,
      version: install?.version ?? null,
      pinned: PINNED_VERSION,
      floor: FLOOR_VERSION,
      state: install?.state ?? "missing",
    },
  };
}

interface OpenedDatabase {
  connectionString: string;
  kind: "embedded" | "external";
}

/** The database that was named, or the embedded one. Only one process may use a data directory, whichever it is. */
async function openDatabase(config: Config, log: Logger, parts: AsyncDisposableStack): Promise<OpenedDatabase> {
  if (config.databaseUrl === undefined) {
    const { connectionString } = parts.use(await startEmbeddedPostgres({ dataDir: config.dataDir, log }));
    return { connectionString, kind: "embedded" };
  }
  parts.use(await takeProcessLock(join(config.dataDir, "worker.lock")));
  return { connectionString: config.databaseUrl, kind: "external" };
}
