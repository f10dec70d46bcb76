import type { RequestHandler } from "express";
import { AppError } from "../lib/errors.ts";

const RETRY_AFTER_SECONDS = "1";

/**
 * Refuses a body while those of the requests under way fill the memory set aside for them. A body that does not say its
 * length counts as the longest one.
 */
export function boundedReading({ maxBytes, maxBodyBytes }: { maxBytes: number; maxBodyBytes: number }): RequestHandler {
  let reading = 0;
  return (req, res, next) => {
    const declared = Number(req.headers["content-length"] ?? maxBodyBytes);
    const bytes = Math.min(maxBodyBytes, Number.isFinite(declared) ? declared : maxBodyBytes);
    if (reading + bytes > maxBytes) {
      res.setHeader("retry-after", RETRY_AFTER_SECONDS);
      throw new AppError("unavailable", "Too much is being taken in at the moment");
    }
    if (res.closed) return next(); // The client left while we found out who it is; nobody would say so again.
    reading += bytes;
    res.once("close", () => {
      reading -= bytes;
    });
    next();
  };
}
