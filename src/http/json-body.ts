import express, { type RequestHandler } from "express";
import { hasBody, isJsonType } from "../auth/browser-rules.ts";
import { AppError } from "../lib/errors.ts";
import { boundedReading } from "./bounded-reading.ts";

/** Room for the longest prompt of the contract, a million characters of up to four bytes each. */
export const MAX_JSON_BYTES = 4 * 1024 * 1024;
export const MAX_HOOK_BYTES = 32 * 1024 * 1024;
/** Of all hooks that are being read and stored at one time. */
const MAX_HOOK_BYTES_AT_ONCE = 256 * 1024 * 1024;

/** Parses JSON bodies; a body of another type is refused instead of being taken for an empty one. */
export function jsonBody(): RequestHandler[] {
  return [
    refuseOtherTypes,
    express.json({
      limit: MAX_JSON_BYTES,
      strict: false,
      type: (req) => isJsonType(req.headers["content-type"] ?? ""),
    }),
  ];
}

const refuseOtherTypes: RequestHandler = (req, _res, next) => {
  const type = req.headers["content-type"] ?? "";
  if (hasBody(req) && !isJsonType(type)) {
    throw new AppError(
      "unsupported_media_type",
      `Send the body as application/json, not ${JSON.stringify(type.slice(0, 100))}`,
    );
  }
  next();
};

/** Reads any body as text: Claude's hooks are kept word for word, and the hook routes parse them themselves. */
export const hookBody = (): RequestHandler[] => [
  boundedReading({ maxBytes: MAX_HOOK_BYTES_AT_ONCE, maxBodyBytes: MAX_HOOK_BYTES }),
  express.text({ limit: MAX_HOOK_BYTES, type: () => true }),
];
