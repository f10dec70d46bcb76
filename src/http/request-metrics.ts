import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Metric, Sample } from "./metrics-text.ts";

const BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

interface Series {
  labels: Record<string, string>;
  /** Answers within each bucket, the last one for those that took longer. */
  within: number[];
  seconds: number;
}

export type RequestMetrics = ReturnType<typeof createRequestMetrics>;

/**
 * Counts answers and how long they took, by the pattern of their route: never by path, for paths hold ids, and each
 * would be a series of its own. Event streams, which last as long as someone listens, are left out.
 */
export function createRequestMetrics() {
  const series = new Map<string, Series>();

  function add(req: IncomingMessage, res: ServerResponse, seconds: number): void {
    const labels = { method: methodOf(req), route: routeOf(req), status: `${Math.floor(res.statusCode / 100)}xx` };
    const key = Object.values(labels).join(" ");
    const one = series.get(key) ?? { labels, within: Array<number>(BUCKETS_SECONDS.length + 1).fill(0), seconds: 0 };
    series.set(key, one);
    const at = BUCKETS_SECONDS.findIndex((limit) => seconds <= limit);
    const bucket = at === -1 ? BUCKETS_SECONDS.length : at;
    one.within[bucket] = (one.within[bucket] ?? 0) + 1;
    one.seconds += seconds;
  }

  return {
    watch(server: Server): void {
      server.on("request", (req, res) => {
        const begun = performance.now();
        res.once("close", () => {
          const isStream = String(res.getHeader("content-type")).startsWith("text/event-stream");
          if (!isStream) add(req, res, (performance.now() - begun) / 1000);
        });
      });
    },

    read: (): Metric => ({
      name: "orchestrator_http_request_duration_seconds",
      help: "Answers by route, with the time they took; /api/hooks is where Claude waits",
      type: "histogram",
      samples: [...series.values()].flatMap(samplesOf),
    }),
  };
}

function samplesOf({ labels, within, seconds }: Series): Sample[] {
  let sum = 0;
  const buckets = within.map((count, index): Sample => {
    sum += count;
    const le = String(BUCKETS_SECONDS[index] ?? "+Inf");
    return { suffix: "_bucket", labels: { ...labels, le }, value: sum };
  });
  return [...buckets, { suffix: "_sum", labels, value: seconds }, { suffix: "_count", labels, value: sum }];
}

const KNOWN_METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

const methodOf = ({ method = "" }: IncomingMessage): string => (KNOWN_METHODS.has(method) ? method : "other");

/** Express notes the matching route on the request; what matched none (files, 404) is one series. */
function routeOf(req: IncomingMessage): string {
  const route: unknown = "route" in req ? req.route : undefined;
  const path: unknown = typeof route === "object" && route !== null && "path" in route ? route.path : undefined;
  return typeof path === "string" ? path : "none";
}
