import type { RequestHandler } from "express";
import { rateLimit } from "express-rate-limit";
import { callerOf } from "../auth/caller.ts";
import { AppError } from "../lib/errors.ts";

const WINDOW_MS = 60_000;

/**
 * Requests a minute for each caller. People at this machine are not limited; hook routes stand before this, because
 * Claude waits for them. Counts are kept by key, cookie and person at a hub, so there are never more of them
 * than may come in.
 */
export function callerLimit(perMinute: number): RequestHandler {
  return rateLimit({
    windowMs: WINDOW_MS,
    limit: perMinute,
    standardHeaders: "draft-8",
    legacyHeaders: false,
    keyGenerator: (req) => {
      const { kind, name } = callerOf(req);
      return `${kind} ${name}`;
    },
    skip: (req) => callerOf(req).kind === "local",
    handler: (_req, _res, next) =>
      next(new AppError("rate_limited", `More than ${perMinute} requests in a minute; wait for Retry-After`)),
  });
}
