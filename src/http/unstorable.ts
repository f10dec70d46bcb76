import type { FieldError } from "../lib/errors.ts";

/** Deeper than any honest request; recursive shapes would run out of stack far below what JSON.parse accepts. */
const MAX_DEPTH = 64;

/**
 * The first value in a request that Postgres cannot store: text with NUL or half a surrogate pair; or nesting that no
 * recursive check survives.
 */
export function findUnstorable(value: unknown, field: string, depth = 0): FieldError | undefined {
  if (typeof value === "string") return textProblem(value, field);
  if (typeof value !== "object" || value === null) return undefined;
  if (depth >= MAX_DEPTH) return { field, message: `is nested more than ${MAX_DEPTH} levels deep` };
  for (const [key, inner] of Object.entries(value)) {
    const name = Array.isArray(value) ? `${field}[${key}]` : `${field}.${key}`;
    const found = textProblem(key, `${field} key`) ?? findUnstorable(inner, name, depth + 1);
    if (found) return found;
  }
  return undefined;
}

function textProblem(text: string, field: string): FieldError | undefined {
  if (text.includes("\0")) return { field, message: "must not contain the NUL character" };
  if (!text.isWellFormed()) return { field, message: "must be well-formed Unicode" };
  return undefined;
}
