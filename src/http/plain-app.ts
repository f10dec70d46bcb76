import type { IncomingMessage } from "node:http";
import express, { type Application, type RequestHandler, type Router } from "express";
import type { Logger } from "../lib/logger.ts";
import { jsonBody } from "./json-body.ts";
import { problemHandler } from "./problem-handler.ts";
import { requestLog } from "./request-log.ts";
import { routesOf } from "./route.ts";
import { securityHeaders } from "./security-headers.ts";
import { unknownRoute } from "./unknown-route.ts";

/** Throws for who may not ask; a page's address to go to first, or undefined: the request goes on. */
type Identify = (req: IncomingMessage) => Promise<string | undefined>;

interface PlainParts {
  log: Logger;
  /** Browsers reach us by https only. */
  https: boolean;
  /** For anyone. */
  openRouters: readonly Router[];
  /** What is asked for by others than the rest: all that lies below `paths`. */
  apart?: { paths: readonly string[]; identify: Identify; routers: readonly Router[] };
  identify: Identify;
  /** For those who may ask, with JSON bodies. */
  routers: readonly Router[];
}

/** An Express application for a server whose callers are not those of the API, with the same care for the rest. */
export function createPlainApp({ log, https, openRouters, apart, identify, routers }: PlainParts): Application {
  const app = express();
  app.disable("x-powered-by").disable("etag");
  app.use(requestLog(log), securityHeaders({ https }), (_req, res, next) => {
    res.setHeader("Cache-Control", "no-store");
    next();
  });
  for (const router of openRouters) app.use(router);
  if (apart) {
    app.use([...apart.paths], asked(apart.identify), ...jsonBody());
    for (const router of apart.routers) app.use(router);
  }
  app.use(asked(identify), ...jsonBody());
  for (const router of routers) app.use(router);
  app.use(unknownRoute(routesOf([...openRouters, ...(apart?.routers ?? []), ...routers])), problemHandler);
  return app;
}

const asked =
  (identify: Identify): RequestHandler =>
  async (req, res, next) => {
    const elsewhere = await identify(req);
    if (elsewhere === undefined) next();
    else res.redirect(302, elsewhere);
  };
