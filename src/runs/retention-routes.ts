import { Router } from "express";
import { RetentionReport } from "../contract/retention.ts";
import { route } from "../http/route.ts";
import type { Retention } from "./retention.ts";

export function createRetentionRoutes({ retention }: { retention: Pick<Retention, "report"> }): Router {
  const router = Router();
  route(
    router,
    "GET /api/retention/last",
    {
      summary: "What the last daily cleaning removed, and when the next one is",
      tags: ["System"],
      response: RetentionReport,
    },
    () => retention.report(),
  );
  return router;
}
