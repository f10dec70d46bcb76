import type { Problem } from "../contract/problem.ts";
import { AppError, type ErrorCode, type FieldError } from "../lib/errors.ts";
import { isDatabaseOutage } from "../lib/outage.ts";
import { jsonFault } from "./json-fault.ts";

/** The one table from what went wrong to its HTTP status and title. */
const ANSWERS: Readonly<Record<ErrorCode | "internal", readonly [status: number, title: string]>> = {
  invalid: [400, "Bad Request"],
  unauthorized: [401, "Unauthorized"],
  forbidden: [403, "Forbidden"],
  not_found: [404, "Not Found"],
  method_not_allowed: [405, "Method Not Allowed"],
  conflict: [409, "Conflict"],
  too_large: [413, "Content Too Large"],
  unsupported_media_type: [415, "Unsupported Media Type"],
  rate_limited: [429, "Too Many Requests"],
  internal: [500, "Internal Server Error"],
  upstream_failed: [502, "Bad Gateway"],
  unavailable: [503, "Service Unavailable"],
};

/** The problem document for anything thrown; what is not expected says nothing but where to look. */
export function problemOf(thrown: unknown, requestId: string): Problem {
  const expected = expectedError(thrown);
  if (expected) return problem(expected.code, expected.message, expected.errors);
  return problem(
    "internal",
    `Something went wrong on our side. The server's log has it under request id ${requestId}.`,
    [],
  );
}

function problem(code: ErrorCode | "internal", detail: string, errors: readonly FieldError[]): Problem {
  const [status, title] = ANSWERS[code];
  return {
    type: "about:blank",
    title,
    status,
    detail,
    code,
    ...(errors.length > 0 ? { errors: [...errors] } : {}),
    message: detail,
    statusCode: status,
    error: detail,
  };
}

/** What was thrown as an AppError, if it is the caller's doing or an outage we know; undefined for a bug. */
export function expectedError(thrown: unknown): AppError | undefined {
  if (thrown instanceof AppError) return thrown;
  if (isDatabaseOutage(thrown))
    return new AppError("unavailable", "The database cannot be reached at the moment; try again", { cause: thrown });
  if (isBodyError(thrown)) return bodyError(thrown);
  if (isInflateError(thrown)) return new AppError("invalid", "The body is not what its Content-Encoding says");
  // Express throws this for a path such as /%zz.
  if (thrown instanceof URIError) return new AppError("invalid", "The address is not correctly percent-encoded");
  return undefined;
}

/** What express.json() and its siblings throw. */
interface BodyError extends Error {
  type: string;
  limit?: number;
  body?: unknown;
}

const isBodyError = (thrown: unknown): thrown is BodyError =>
  thrown instanceof Error && "type" in thrown && typeof thrown.type === "string" && "status" in thrown;

/** What zlib found in a compressed body, which express.json() passes on as the caller's fault. */
const isInflateError = (thrown: unknown): boolean =>
  thrown instanceof Error &&
  "status" in thrown &&
  thrown.status === 400 &&
  "code" in thrown &&
  typeof thrown.code === "string" &&
  "errno" in thrown;

function bodyError(error: BodyError): AppError | undefined {
  switch (error.type) {
    case "entity.parse.failed":
      return new AppError(
        "invalid",
        `The body is not valid JSON: ${jsonFault(typeof error.body === "string" ? error.body : "")}`,
        {
          errors: [{ field: "body", message: "is not valid JSON" }],
        },
      );
    case "entity.too.large":
      return new AppError("too_large", `The body is larger than the limit of ${error.limit ?? "?"} bytes`);
    case "encoding.unsupported":
    case "charset.unsupported":
      return new AppError("unsupported_media_type", `The body's encoding is not supported: ${error.message}`);
    case "request.aborted":
    case "request.size.invalid":
      return new AppError("invalid", "The body ended before its announced length");
    default:
      return undefined;
  }
}
