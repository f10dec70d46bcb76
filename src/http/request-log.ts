import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pinoHttp } from "pino-http";
import { AppError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";

/** An id a proxy or client brings along; anything else is replaced, so that it can stand in our log. */
const REQUEST_ID = /^[\w.:-]{1,64}$/u;

/**
 * Gives each request its id (`x-request-id`) and one log line: method, path, status, time. Never a body, a query, a
 * header: they hold prompts and secrets. Reads and hooks that went well are only logged at debug, since dashboards poll and Claude posts each tool call.
 */
export function requestLog(log: Logger) {
  return pinoHttp({
    logger: log,
    genReqId: requestId,
    customLogLevel: logLevel,
    customSuccessMessage: () => "request",
    customErrorMessage: () => "request failed",
    // An error the log invents for a 5xx without one says less than the status.
    customErrorObject: (_req, res, error, fields: object) => ({
      ...fields,
      err: res.err === error ? error : undefined,
    }),
    customAttributeKeys: { reqId: "requestId", responseTime: "durationMs" },
    quietReqLogger: true,
    serializers: {
      req: (req: { id: unknown; method: string; url: string }) => ({ method: req.method, path: pathOf(req.url) }),
      res: (res: { statusCode: number }) => ({ status: res.statusCode }),
    },
  });
}

function requestId(req: IncomingMessage, res: ServerResponse): string {
  const brought = req.headers["x-request-id"];
  const id = typeof brought === "string" && REQUEST_ID.test(brought) ? brought : randomUUID();
  res.setHeader("x-request-id", id);
  return id;
}

function logLevel(req: IncomingMessage, res: ServerResponse): "error" | "warn" | "info" | "debug" {
  if (res.err) return res.err instanceof AppError ? "warn" : "error";
  const isFrequent = req.method === "GET" || req.method === "HEAD" || pathOf(req.url ?? "").startsWith("/api/hooks");
  return isFrequent && res.statusCode < 400 ? "debug" : "info";
}

const pathOf = (url: string): string => url.split("?", 1)[0] ?? "/";
