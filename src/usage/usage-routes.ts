import { Router } from "express";
import { UsageQuery, UsageReport } from "../contract/usage.ts";
import { route } from "../http/route.ts";
import type { UsageService } from "./usage-service.ts";

export function createUsageRoutes({ usage }: { usage: UsageService }): Router {
  const router = Router();
  route(
    router,
    "GET /api/usage",
    {
      summary: "What runs have cost and taken",
      description:
        "Finished runs by day, session or model, with what is spent of the budgets of the day and the month.",
      tags: ["Usage"],
      query: UsageQuery,
      response: UsageReport,
    },
    ({ query }) => usage.report(query),
  );
  return router;
}
