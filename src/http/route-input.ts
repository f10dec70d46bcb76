import { z } from "zod";
import { safeParse } from "../contract/safe-parse.ts";
import { AppError, type FieldError } from "../lib/errors.ts";
import type { RouteSpec } from "./route-spec.ts";
import { ruleText } from "./rule-text.ts";
import { findUnstorable } from "./unstorable.ts";

/** More broken rules than this are counted, not listed. */
const MAX_ERRORS = 50;
/** How many of them the one-line message repeats. */
const MAX_NAMED = 3;

export interface InputReaders<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  params(value: unknown): z.output<P>;
  query(value: unknown): z.output<Q>;
  body(value: unknown): z.output<B>;
}

/** A parameter that no reader knows was mistyped, and its list would be of everything. `_` is what scripts add against caches. */
function refuseUnknown(shape: z.ZodType | undefined, value: unknown): void {
  const known = new Set(["_", ...(shape instanceof z.ZodObject ? Object.keys(shape.shape) : [])]);
  const names = Object.keys(typeof value === "object" && value !== null ? value : {}).filter(
    (name) => !known.has(name),
  );
  const errors = names.map((name) => ({ field: fieldName("query", [name]), message: "is not a known parameter" }));
  if (errors.length > 0) throw invalid(errors.slice(0, MAX_ERRORS), errors.length);
}

/** Parsers for the three places a request carries input in; each throws "invalid" naming field and rule. */
export function inputReaders<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType>(
  spec: RouteSpec<P, Q, B>,
  { strictQuery }: { strictQuery: boolean },
): InputReaders<P, Q, B> {
  const strictBody = spec.body instanceof z.ZodObject && !spec.passthrough ? spec.body.strict() : spec.body;
  const names = spec.body instanceof z.ZodObject ? new Set(Object.keys(spec.body.shape)) : new Set<string>();
  // Without a shape the handler's type says "no such input" (or the path's plain strings), so the cast holds.
  return {
    params: (value) => parse(spec.params, value, "params") as z.output<P>,
    query(value) {
      if (strictQuery) refuseUnknown(spec.query, value);
      return (spec.query ? parse(spec.query, value, "query") : {}) as z.output<Q>;
    },
    body: (value) =>
      (strictBody ? parse(strictBody, camelCased(value ?? {}, names), "body") : undefined) as z.output<B>,
  };
}

function parse(shape: z.ZodType | undefined, value: unknown, place: string): unknown {
  const unstorable = findUnstorable(value, place);
  if (unstorable) throw invalid([unstorable], 1);
  if (!shape) return value;
  const result = safeParse(shape, value);
  if (result.success) return result.data;
  const errors = result.error.issues.flatMap((issue) => fieldErrors(issue, value, place));
  throw invalid(errors.slice(0, MAX_ERRORS), errors.length);
}

function invalid(errors: readonly FieldError[], count: number): AppError {
  const named = errors.slice(0, MAX_NAMED).map(({ field, message }) => `${field} ${message}`);
  const rest = count > named.length ? `; and ${count - named.length} more` : "";
  return new AppError("invalid", named.join("; ") + rest, { errors });
}

function fieldErrors(issue: z.core.$ZodIssue, value: unknown, place: string): FieldError[] {
  const field = fieldName(place, issue.path);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ field: fieldName(field, [key]), message: "is not a known field" }));
  }
  const isMissing = issue.path.length > 0 && isAbsent(value, issue.path);
  return [{ field, message: isMissing ? "is required" : ruleText(issue, valueAt(value, issue.path)) }];
}

/** A path into what a transformation made of the value, such as the second item of "a,b", is not the caller's. */
const isAbsent = (value: unknown, path: readonly PropertyKey[]): boolean =>
  valueAt(value, path) === undefined && typeof valueAt(value, path.slice(0, -1)) !== "string";

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((at, key) => (typeof at === "object" && at !== null ? Reflect.get(at, key) : undefined), value);

/** `body` and ["tags", 3] → `body.tags[3]` */
export const fieldName = (place: string, path: readonly PropertyKey[]): string =>
  path.reduce<string>((name, key) => (typeof key === "number" ? `${name}[${key}]` : `${name}.${String(key)}`), place);

/** The seed's clients write `claude_session_id`: a snake_case key at the top that only exists in camelCase is renamed. */
function camelCased(value: unknown, names: ReadonlySet<string>): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const renamed = Object.entries(value).map(([key, content]): [string, unknown] => {
    const camel = key.replaceAll(/_([a-z0-9])/gu, (_, letter: string) => letter.toUpperCase());
    return !names.has(key) && names.has(camel) && !Object.hasOwn(value, camel) ? [camel, content] : [key, content];
  });
  return Object.fromEntries(renamed);
}
