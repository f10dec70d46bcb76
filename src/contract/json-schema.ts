import { z } from "zod";

/** As text: a schema goes to Claude's command line, where one argument has 128 KiB. */
const MAX_LETTERS = 32_000;

/** The form an answer is wanted in. That it is a schema at all is checked where there is something to compile it with. */
export const JsonSchema = z
  .record(z.string(), z.json())
  .refine((schema) => JSON.stringify(schema).length <= MAX_LETTERS, `must have at most ${MAX_LETTERS} letters as JSON`)
  .meta({
    description:
      "A JSON Schema of an object, in what draft 7 knows: Claude answers in this form, the answer is checked against it, and stands in `structuredOutput` of the run. A run whose answer does not fit fails with reason invalid_output.",
    example: {
      type: "object",
      properties: { title: { type: "string" }, severity: { enum: ["low", "high"] } },
      required: ["title", "severity"],
      additionalProperties: false,
    },
  });
export type JsonSchema = z.infer<typeof JsonSchema>;
