import type { IncomingMessage } from "node:http";
import express, { type Application, type RequestHandler, type Router } from "express";
import type { Logger } from "../lib/logger.ts";
import { jsonBody } from "./json-body.ts";
import { problemHandler } from "./problem-handler.ts";
import { requestLog } from "./request-log.ts";
import { routesOf } from "./route.ts";
import { securityHeaders } from "./security-headers.ts";
import { unknownRoute } from "./unknown-route.ts";

interface PlainParts {
  log: Logger;
  /** Browsers reach us by https only. */
  https: boolean;
  /** For anyone. */
  openRouters: readonly Router[];
  /** Throws for who may not ask; a page's address to go to first, or undefined: the request goes on. */
  identify: (req: IncomingMessage) => Promise<string | undefined>;
  /** For those who may ask, with JSON bodies. */
  routers: readonly Router[];
}

/** An Express application for a server whose callers are not those of the API, with the same care for the rest. */
export function createPlainApp({ log, https, openRouters, identify, routers }: PlainParts): Application {
  const app = express();
  app.disable("x-powered-by").disable("etag");
  app.use(requestLog(log), securityHeaders({ https }), (_req, res, next) => {
    res.setHeader("Cache-Control", "no-store");
    next();
  });
  for (const router of openRouters) app.use(router);
  app.use(asked(identify), ...jsonBody());
  for (const router of routers) app.use(router);
  app.use(unknownRoute(routesOf([...openRouters, ...routers])), problemHandler);
  return app;
}

const asked =
  (identify: PlainParts["identify"]): RequestHandler =>
  async (req, res, next) => {
    const elsewhere = await identify(req);
    if (elsewhere === undefined) next();
    else res.redirect(302, elsewhere);
  };
