import { STATUS_CODES, type ServerResponse } from "node:http";
import { AppError } from "../lib/errors.ts";
import { StreamCancelled } from "../lib/tunnel-streams.ts";
import { TIMED_OUT } from "./plain-requests.ts";

export interface Failure {
  status: number;
  error: string;
}

/** What the hub says itself when a machine cannot be asked. */
export function failureOf(error: unknown): Failure {
  if (error instanceof StreamCancelled) {
    if (error.code === "timeout") return { status: 504, error: "Request timed out" };
    if (error.code === "refused") return { status: 503, error: "The machine has too many requests under way" };
    if (error.code === "too_large") return { status: 413, error: "The machine takes nothing so large" };
    if (error.code === "unauthorized") return { status: 403, error: "The machine does not let you in" };
    return { status: 502, error: "The machine was disconnected before it answered" };
  }
  if (error instanceof AppError) {
    if (error.message === TIMED_OUT) return { status: 504, error: "Request timed out" };
    return { status: STATUS[error.code] ?? 400, error: error.message };
  }
  return { status: 502, error: "The machine could not be asked" };
}

const STATUS: Partial<Record<AppError["code"], number>> = {
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  too_large: 413,
  unsupported_media_type: 415,
  rate_limited: 429,
  unavailable: 503,
  upstream_failed: 502,
};

/** Answers, or breaks off what has begun. */
export function sendFailure(res: ServerResponse, { status, error }: Failure): void {
  if (res.headersSent) return void res.destroy();
  // What is left of the request is not read: the connection goes.
  res.writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-store", Connection: "close" });
  res.end(JSON.stringify({ error, message: STATUS_CODES[status] ?? "Error", statusCode: status }));
}
