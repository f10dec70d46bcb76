import { Router } from "express";
import { SystemStatus, Version } from "../contract/system.ts";
import { route } from "../http/route.ts";
import type { StatusService } from "./status-service.ts";

const tags = ["System"];

/** What this installation is; needs no key. */
export function createVersionRoutes({ status }: { status: StatusService }): Router {
  const router = Router();
  route(
    router,
    "GET /api/version",
    { summary: "Versions of the server, the database and the Claude CLI", tags, response: Version },
    () => status.version(),
  );
  return router;
}

export function createStatusRoutes({ status }: { status: StatusService }): Router {
  const router = Router();
  route(
    router,
    "GET /api/status",
    { summary: "What runs, what waits, what it cost today", tags, response: SystemStatus },
    () => status.get(),
  );
  return router;
}
