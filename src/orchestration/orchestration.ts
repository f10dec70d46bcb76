import type { WhoIsAsking } from "../auth/who-is-asking.ts";
import type { Database } from "../db/database.ts";
import type { Listener } from "../db/notify.ts";
import type { HttpParts } from "../http/http-app.ts";
import type { SocketDoor } from "../http/upgrades.ts";
import type { Logger } from "../lib/logger.ts";
import type { Nudge } from "../queue/queue.ts";
import type { SessionService } from "../sessions/session-service.ts";
import type { TemplateService } from "../sessions/templates/template-service.ts";
import { openChangeFeed } from "./change-feed.ts";
import { createGateway } from "./gateway.ts";
import { createOrchestrationRoutes } from "./orchestration-routes.ts";
import { createOrchestrationService } from "./orchestration-service.ts";
import { createPollingRoutes } from "./polling-routes.ts";
import { openPresence } from "./presence.ts";
import { createProjectEventRoutes } from "./project-event-routes.ts";
import { createProjectEventService } from "./project-event-service.ts";
import { answerSocket } from "./socket-events.ts";
import { createStanding } from "./standing-templates.ts";
import { startUpkeep } from "./upkeep.ts";

export interface OrchestrationParts {
  db: Database;
  listener: Listener;
  log: Logger;
  nudge: Nudge;
  who: Pick<WhoIsAsking, "identify">;
  maxDesired: number;
  sessions: Pick<SessionService, "prepare">;
  templates: Pick<TemplateService, "get">;
}

export interface Orchestration extends AsyncDisposable {
  /** For anyone: sockets judge themselves who may. */
  openRouters: HttpParts["openRouters"];
  routers: HttpParts["routers"];
  socketDoor: SocketDoor;
}

/** After the last socket of a workspace closed, or the process that held it died. */
const WATCH_GRACE_SECONDS = 60;
const WORKSPACE_DAYS = 7;

/** Running and desired counts of all workspaces: what editors read and write, and what they hear. */
export async function openOrchestration({
  who,
  maxDesired,
  sessions,
  templates,
  ...common
}: OrchestrationParts): Promise<Orchestration> {
  await using parts = new AsyncDisposableStack();
  const presence = parts.use(openPresence({ ...common, graceSeconds: WATCH_GRACE_SECONDS }));
  const gateway = createGateway({
    who,
    log: common.log,
    onSocket: (socket) => answerSocket(socket, { feed, presence }),
    caughtUp: () => feed.caughtUp(),
  });
  const feed = parts.use(await openChangeFeed(common, gateway.tellers));
  const { startMissing } = createStanding({ ...common, sessions });
  parts.use(await startUpkeep({ ...common, startMissing, workspaceDays: WORKSPACE_DAYS }));
  const kept = parts.move();
  return {
    openRouters: [createPollingRoutes({ accepts: gateway.door.accepts, answer: gateway.answer })],
    routers: [
      createOrchestrationRoutes({ orchestration: createOrchestrationService({ ...common, maxDesired, templates }) }),
      createProjectEventRoutes({ events: createProjectEventService(common) }),
    ],
    socketDoor: gateway.door,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
