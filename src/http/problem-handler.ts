import type { ErrorRequestHandler, Request, Response } from "express";
import { type ErrorCode, toError } from "../lib/errors.ts";
import { expectedError, problemOf } from "./problem-of.ts";

/** Not the caller's doing: the log shall say what was down, and why. */
const OUTAGES: ReadonlySet<ErrorCode> = new Set(["unavailable", "upstream_failed"]);

/** Answers any error with a problem document; the request's one log line carries what was unexpected. */
export const problemHandler: ErrorRequestHandler = (thrown: unknown, req, res, _next) => {
  const expected = expectedError(thrown);
  if (!expected || OUTAGES.has(expected.code)) res.err = toError(thrown);
  if (res.headersSent) {
    // Half an answer is on its way: only a broken connection tells the client that it is not whole.
    res.destroy();
    return;
  }
  sendProblem(thrown, req, res);
};

export function sendProblem(thrown: unknown, req: Request, res: Response): void {
  const requestId = typeof req.id === "string" ? req.id : "unknown";
  const problem = problemOf(thrown, requestId);
  res.removeHeader("Location");
  if (problem.status === 401) res.setHeader("WWW-Authenticate", 'Bearer realm="claude-orchestrator"');
  if (problem.code === "unavailable" && !res.hasHeader("Retry-After")) res.setHeader("Retry-After", "5");
  const instance = req.originalUrl.split("?", 1)[0] ?? "/";
  res
    .status(problem.status)
    .type("application/problem+json")
    .send(JSON.stringify({ ...problem, instance }));
}
