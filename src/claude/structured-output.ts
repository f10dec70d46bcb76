import type { JsonSchema } from "../contract/json-schema.ts";
import { faultOf } from "../lib/json-schema.ts";
import { storableJson, type Json } from "../lib/text.ts";
import type { ResultEvent } from "./claude-stream.ts";
import { quote } from "./quote.ts";

/** As much as an answer may have. */
const MAX_LETTERS = 1_000_000;
const TODO = "Make the schema simpler or the prompt clearer, and send a message to try again.";

interface Invalid {
  reason: "invalid_output";
  error: string;
}

const invalid = (what: string, said = ""): Invalid => ({
  reason: "invalid_output",
  error: `${what} ${TODO}${quote(said)}`,
});

const failed = (what: string, said?: string) => ({ structuredOutput: null, ...invalid(what, said) });

/** The answer in the form that was wanted, or why it is none: Claude may answer in words all the same. */
export function readStructuredOutput(
  schema: JsonSchema | undefined,
  last: ResultEvent | undefined,
): { structuredOutput: Json } | ({ structuredOutput: null } & Invalid) {
  if (!schema) return { structuredOutput: null };
  const given = last?.structuredOutput;
  if (given === undefined)
    return failed("Claude ended without an answer in the form of jsonSchema.", last?.answer ?? undefined);
  const text = JSON.stringify(given);
  if (text.length > MAX_LETTERS)
    return failed(`The answer in the form of jsonSchema has ${text.length} letters; ${MAX_LETTERS} can be kept.`);
  const value = storableJson(given);
  const fault = faultOf(schema, value);
  return fault === undefined
    ? { structuredOutput: value }
    : failed(`The answer does not fit jsonSchema: ${fault}.`, text);
}

/** What Claude itself says of a form: that it cannot give it, or cannot read it. */
export function formTrouble(said: string): Invalid | undefined {
  if (/Failed to provide valid structured output/iu.test(said))
    return invalid("Claude tried several times and its answer never fitted jsonSchema.", said);
  if (/--json-schema is not a valid JSON Schema/iu.test(said))
    return invalid("The installed claude does not take this jsonSchema.", said);
  return undefined;
}
