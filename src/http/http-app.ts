import express, { type Application, type RequestHandler, type Router } from "express";
import { setCaller } from "../auth/caller.ts";
import { signInRoutes } from "../auth/sign-in-routes.ts";
import { createWhoIsAsking, type VerifyRunToken, type WhoIsAsking } from "../auth/who-is-asking.ts";
import type { Logger } from "../lib/logger.ts";
import { callerLimit } from "./caller-limit.ts";
import { dashboardFiles } from "./dashboard-files.ts";
import { docsRoutes } from "./docs-routes.ts";
import { hookBody, jsonBody } from "./json-body.ts";
import { createOpenApi } from "./openapi.ts";
import { problemHandler } from "./problem-handler.ts";
import { requestLog } from "./request-log.ts";
import { routesOf } from "./route.ts";
import { securityHeaders } from "./security-headers.ts";
import { unknownRoute } from "./unknown-route.ts";
import type { SocketDoor } from "./upgrades.ts";

export interface HttpSettings {
  host: string;
  port: number;
  publicUrl?: string | undefined;
  allowedHosts: readonly string[];
  apiKeys: readonly string[];
  rateLimitPerMinute: number;
  dashboardDir: string;
}

export interface HttpParts {
  settings: HttpSettings;
  version: string;
  log: Logger;
  verifyRunToken: VerifyRunToken;
  /** For anyone, before we ask who it is: health, version, later doors with signatures of their own. They parse bodies themselves. */
  openRouters: readonly Router[];
  /** For callers; without a rate limit, which would hold Claude up. Below /api/hooks `req.body` is the text as it came, up to 32 MiB; others read it themselves. */
  hookRouters: readonly Router[];
  /** For callers, with JSON bodies. */
  routers: readonly Router[];
  /** What speaks WebSocket, and where. */
  socketDoors?: readonly SocketDoor[];
  /** Who is asking, when sockets ask it too: wrong keys count together, wherever they are tried. */
  who?: WhoIsAsking;
}

/** The Express application: what every request passes, top to bottom. */
export function createHttpApp(parts: HttpParts): Application {
  const { settings, log, openRouters, hookRouters, routers } = parts;
  const https = settings.publicUrl?.startsWith("https:") ?? false;
  const who = parts.who ?? createWhoIsAsking({ ...settings, verifyRunToken: parts.verifyRunToken });
  const signIn = signInRoutes(who, { secure: https });
  const docs = docsRoutes(() => createOpenApi(all, { version: parts.version }));
  const all = [...routers, ...hookRouters, signIn, ...openRouters, docs];

  const app = express();
  app.disable("x-powered-by").disable("etag");
  app.use(requestLog(log), securityHeaders({ https }), noStore);
  use(app, openRouters);
  app.use(signIn);
  app.use(dashboardFiles(settings.dashboardDir));
  app.use(identify(who)); // Nothing below is reached by a request that does not say who is asking.
  app.use("/api/hooks", hookBody());
  use(app, hookRouters);
  app.use(callerLimit(settings.rateLimitPerMinute), ...jsonBody());
  use(app, routers);
  app.use(docs);
  app.use(unknownRoute(routesOf(all)), problemHandler);
  return app;
}

function use(app: Application, routers: readonly Router[]): void {
  for (const router of routers) app.use(router);
}

/** Answers hold prompts and code: no cache between us and the client keeps them. Static files say otherwise themselves. */
const noStore: RequestHandler = (_req, res, next) => {
  res.setHeader("Cache-Control", "no-store");
  next();
};

const identify =
  (who: WhoIsAsking): RequestHandler =>
  async (req, _res, next) => {
    setCaller(req, await who.identify(req));
    next();
  };
