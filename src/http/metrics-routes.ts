import { Router, type Application } from "express";
import { gauge, METRICS_TYPE, type Metric, writeMetrics } from "./metrics-text.ts";
import type { RequestMetrics } from "./request-metrics.ts";
import { route } from "./route.ts";
import { countEventStreams } from "./sse.ts";

interface Parts {
  requests: RequestMetrics;
  /** What the features tell of themselves. */
  collect: () => Promise<readonly Metric[]>;
}

/** `GET /metrics` for Prometheus; asks for a key wherever the API does. */
export function createMetricsRoutes({ requests, collect }: Parts): Router {
  const router = Router();
  route(
    router,
    "GET /metrics",
    {
      summary: "Gauges and counters in the text format of Prometheus",
      description: "Asks for a key wherever the API does: let Prometheus send it as a bearer token.",
      tags: ["System"],
      produces: "text/plain",
    },
    async ({ req, res }) => {
      const metrics = [...(await collect()), requests.read(), streams(req.app)];
      res.setHeader("Content-Type", METRICS_TYPE);
      res.end(writeMetrics(metrics));
    },
  );
  return router;
}

const streams = (app: Application): Metric =>
  gauge("orchestrator_event_streams", "Event streams that are open", countEventStreams(app));
