import type { Services } from "./app-services.ts";
import { FLOOR_VERSION, PINNED_VERSION } from "./claude/claude-version.ts";
import { type Claude } from "./claude/claude.ts";
import type { Config } from "./config.ts";
import type { HubConnection } from "./contract/system.ts";
import type { Ledger } from "./db/open-ledger.ts";
import { createDeliveryRoutes } from "./deliveries/delivery-routes.ts";
import { type OutboundUrls } from "./deliveries/outbound-url.ts";
import { createThreadRoutes } from "./deliveries/thread-routes.ts";
import { createHookRoutes, createLogRoutes } from "./hooks/hook-routes.ts";
import { type HookService } from "./hooks/hook-service.ts";
import type { HttpParts } from "./http/http-app.ts";
import type { Logger } from "./lib/logger.ts";
import { VERSION } from "./lib/version.ts";
import { createMessageRoutes } from "./messages/message-routes.ts";
import type { Queue } from "./queue/queue.ts";
import { createRunRoutes } from "./runs/run-routes.ts";
import { type RunService } from "./runs/run-service.ts";
import { createStatusRoutes, createVersionRoutes } from "./runs/status-routes.ts";
import { createStatusService, type StatusService } from "./runs/status-service.ts";
import { createEventRoutes } from "./sessions/event-routes.ts";
import { createSessionRoutes } from "./sessions/session-routes.ts";
import { createStartRoutes } from "./sessions/start-routes.ts";
import { createTemplateRoutes } from "./sessions/templates/template-routes.ts";
import { createSubscriptionRoutes } from "./subscriptions/subscription-routes.ts";
import { createWorkspaceRoutes } from "./workspaces/workspace-routes.ts";
import { type WorkspaceService } from "./workspaces/workspace-service.ts";

/** What all doors are made of. */
export interface Core {
  config: Config;
  log: Logger;
  workerId: string;
  storage: Ledger & { queue: Queue };
  claude: Claude;
  workspaces: WorkspaceService;
  hooks: HookService;
  runs: RunService;
  /** Where this process listens; known once it does. */
  address: { url: string; hooks: string };
  /** How this process stands with its hub; `connection` is set once it is a machine of one. */
  hub: { connection: () => HubConnection | null };
  outboundUrls: OutboundUrls;
}

/** Everything people and programs talk to. */
export function openDoors(
  core: Core,
  { sessions, templates, messages, events, threads, results, deliveries, subscriptions }: Services,
  more: Pick<HttpParts, "openRouters" | "hookRouters" | "routers">,
): HttpParts {
  const { config, log, workspaces, hooks, runs } = core;
  const status = statusOf(core);
  return {
    settings: config.http,
    version: VERSION,
    log,
    verifyRunToken: runs.verifyToken,
    openRouters: [createVersionRoutes({ status }), ...more.openRouters],
    hookRouters: [createHookRoutes({ hooks }), ...more.hookRouters],
    routers: [
      createStartRoutes({ sessions, results }),
      createSessionRoutes({ sessions }),
      createTemplateRoutes({ templates }),
      createMessageRoutes({ messages, results }),
      createLogRoutes({ hooks }),
      createRunRoutes({ runs, results }),
      createDeliveryRoutes({ deliveries }),
      createSubscriptionRoutes({ subscriptions }),
      createThreadRoutes({ threads }),
      createWorkspaceRoutes({ workspaces }),
      createEventRoutes({ events }),
      createStatusRoutes({ status }),
      ...more.routers,
    ],
  };
}

/** A worker listens only for the hooks of its own runs. */
export const hooksOnly = ({ config, log, hooks, runs }: Core): HttpParts => ({
  settings: { ...config.http, host: "127.0.0.1", port: 0 },
  version: VERSION,
  log,
  verifyRunToken: runs.verifyToken,
  openRouters: [],
  hookRouters: [createHookRoutes({ hooks })],
  routers: [],
});

function statusOf({ config, workerId, storage, claude, hooks, address, hub }: Core): StatusService {
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
    hubConnection: () => hub.connection(),
  });
}
