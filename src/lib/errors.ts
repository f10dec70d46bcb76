export type ErrorCode =
  | "invalid"
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "method_not_allowed"
  | "conflict"
  | "too_large"
  | "unsupported_media_type"
  | "rate_limited"
  | "unavailable"
  | "upstream_failed";

/** One value that broke a rule: where it stood in the request and what the rule says. */
export interface FieldError {
  field: string;
  message: string;
}

/** An expected failure. Its code decides the HTTP status; anything else that is thrown is a bug and answers 500. */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly errors: readonly FieldError[];

  constructor(code: ErrorCode, message: string, options: ErrorOptions & { errors?: readonly FieldError[] } = {}) {
    super(message, options);
    this.code = code;
    this.errors = options.errors ?? [];
  }
}

/** A request that broke the rule of one field. */
export const invalidField = (field: string, message: string): AppError =>
  new AppError("invalid", `${field} ${message}`, { errors: [{ field, message }] });

/** What was thrown, as an Error; JavaScript lets anything be thrown. */
export const toError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));
