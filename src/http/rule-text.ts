import type { z } from "zod";

const NAMES: Readonly<Record<string, string>> = {
  object: "an object",
  record: "an object",
  array: "a list",
  int: "a whole number",
  number: "a number",
  string: "a text",
  boolean: "true or false",
};

const named = (type: string): string => NAMES[type] ?? type;

/** "at most 300", or with a count of what it holds: "at most 5 letters". */
function bound(word: string, limit: number | bigint, origin: string): string {
  if (origin === "string") return `must have ${word} ${limit} ${limit === 1 ? "letter" : "letters"}`;
  if (origin === "array" || origin === "set") return `must have ${word} ${limit} ${limit === 1 ? "entry" : "entries"}`;
  return `must be ${word} ${limit}`;
}

function typeRule({ expected }: z.core.$ZodIssueInvalidType, value: unknown): string {
  if (expected === "int" && typeof value === "number") return "must be a whole number";
  const kind = value === null ? "null" : named(Array.isArray(value) ? "array" : typeof value);
  return `must be ${named(expected)}, not ${kind}`;
}

/** The rule that a value broke, to stand after the name of its field, in the words of a person. */
export function ruleText(issue: z.core.$ZodIssue, value: unknown): string {
  // What our own shapes say fits already: "must be a git branch name".
  if (!/^[A-Z]/u.test(issue.message)) return issue.message;
  switch (issue.code) {
    case "invalid_type":
      return typeRule(issue, value);
    case "too_big":
      return bound(issue.inclusive === false ? "less than" : "at most", issue.maximum, issue.origin);
    case "too_small":
      if (issue.origin === "string" && issue.minimum === 1) return "must not be empty";
      return bound(issue.inclusive === false ? "more than" : "at least", issue.minimum, issue.origin);
    case "invalid_value":
      return `must be ${issue.values.length > 1 ? "one of " : ""}${issue.values.map(String).join(", ")}`;
    case "invalid_format":
      return issue.format === "uuid" ? "must be a UUID" : `must be a valid ${issue.format}`;
    default:
      return `is not valid: ${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}`;
  }
}
