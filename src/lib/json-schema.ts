import { createContext, Script } from "node:vm";
import { Ajv, type AnySchemaObject, type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";
import { invalidField, toError } from "./errors.ts";

/** A pattern that somebody wrote may need longer than the world exists; nobody waits for it. Ample for a busy machine. */
const CHECK_MS = 5_000;
const MAX_FAULTS = 5;

/**
 * Strict as Claude's own check of a schema is (measured with 2.1.329: draft 7, unknown keywords refused): what passes here
 * is taken there. Nothing is fetched.
 */
const OPTIONS = {
  strict: true,
  strictTypes: false,
  strictTuples: false,
  strictRequired: false,
  logger: false,
} as const;

/** Claude refuses to know any other dialect by name; that generators write one says nothing of what they use of it. */
export const withoutDialect = ({ $schema: _, ...schema }: AnySchemaObject): AnySchemaObject => schema;

/** A compiler of its own for each schema: one that is kept would keep them all. What is the same each time is done here. */
function createCompiler(): (schema: AnySchemaObject) => ValidateFunction {
  const ajv = new Ajv(OPTIONS);
  addFormats.default(ajv);
  ajv.compile({});
  return (schema) => ajv.compile(withoutDialect(schema));
}

/** Ends work that takes too long, also in the middle of a regular expression. */
function within<T>(ms: number, work: () => T): T {
  const context = createContext(Object.assign(Object.create(null) as object, { work }));
  return new Script("work()").runInContext(context, { timeout: ms }) as T;
}

/** A schema that cannot be used is the caller's mistake: AppError "invalid" names the field and what is wrong. */
export function checkJsonSchema(field: string, schema: AnySchemaObject): void {
  if (schema["type"] !== "object") throw invalidField(field, 'must have type "object": Claude answers with an object');
  // Its check would be a promise, which is always there and so always true.
  if ("$async" in schema) throw invalidField(field, "must not have $async");
  const compile = createCompiler();
  try {
    within(CHECK_MS, () => compile(schema));
  } catch (error) {
    throw invalidField(field, `is not a JSON Schema that can be used: ${toError(error).message}`);
  }
}

/** Why a value does not fit a schema, in words; undefined when it does. */
export function faultOf(schema: AnySchemaObject, value: unknown): string | undefined {
  const compile = createCompiler();
  try {
    return within(CHECK_MS, () => {
      const check = compile(schema);
      if (check(value)) return undefined;
      const faults = (check.errors ?? []).slice(0, MAX_FAULTS);
      return faults
        .map(({ instancePath, message }) => `${instancePath || "it"} ${message ?? "does not fit"}`)
        .join("; ");
    });
  } catch (error) {
    return `it could not be checked: ${toError(error).message}`;
  }
}
