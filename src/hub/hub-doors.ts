import type { IncomingMessage, RequestListener } from "node:http";
import type { Duplex } from "node:stream";
import { createPlainApp } from "../http/plain-app.ts";
import { AppError } from "../lib/errors.ts";
import { createClientRoutes } from "./client-routes.ts";
import type { HubCore } from "./hub-core.ts";
import { createHubHealthRoutes } from "./hub-health-routes.ts";
import { countMachines } from "./machine-queries.ts";
import { createMachineService } from "./machine-service.ts";
import { createTokenRoutes } from "./token-routes.ts";
import { createTokenService } from "./token-service.ts";
import { createUpgrades } from "./upgrades.ts";
import { wantsPage } from "./who-looks.ts";

/** What comes in by HTTP, at the hub's own origin and at those of its machines. */
export function createHubDoors(core: HubCore) {
  const { db, log, names, timeline, links, browsers, pending, version } = core;
  const machines = createMachineService({ db, names, timeline });
  const tokens = createTokenService({ db });
  const health = createHubHealthRoutes({
    version,
    countMachines: () => countMachines(db),
    here: () => ({ machines: links.size, browsers: browsers.size, pending: pending.size }),
  });
  const app = createPlainApp({
    log,
    https: names.https,
    openRouters: [health],
    identify: (req) => identify(core, req),
    routers: [createClientRoutes({ machines }), createTokenRoutes({ tokens })],
  });
  const upgrade = createUpgrades(core);

  const request: RequestListener = (req, res) => void app(req, res);
  return {
    request,
    upgrade: (req: IncomingMessage, socket: Duplex, head: Buffer): void => upgrade(req, socket, head),
  };
}

/** A page's visitor who is not signed in is sent to do so; a program is told. */
async function identify({ who, config }: HubCore, req: IncomingMessage): Promise<string | undefined> {
  if (await who.look(req)) return undefined;
  if (config.github && wantsPage(req)) return "/auth/github";
  throw new AppError("unauthorized", config.github ? "Sign in at /auth/github" : "Only this machine may use this hub");
}
