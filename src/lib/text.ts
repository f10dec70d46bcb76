/** The most characters of one text that the ledger keeps. */
export const MAX_STORED_TEXT = 64 * 1024;
/** The most characters of one JSON value that the ledger keeps, all its texts and keys together. */
export const MAX_STORED_JSON = 512 * 1024;
const MAX_JSON_DEPTH = 64;

const cutMark = (more: number): string => `… [cut: ${more} more characters]`;

/** Postgres refuses NUL and lone surrogates in text and jsonb; both become the replacement character. */
const storable = (text: string): string => text.toWellFormed().replaceAll("\u0000", "\uFFFD");

/** The text as the ledger keeps it: at most `max` characters, a cut marked at the end, nothing Postgres refuses. */
export function capText(text: string, max: number = MAX_STORED_TEXT): string {
  if (text.length <= max) return storable(text);
  return storable(text.slice(0, max)) + cutMark(text.length - max);
}

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** A JSON value with nothing in it that PostgreSQL refuses, and nothing cut. */
export function storableJson(value: unknown): Json {
  if (typeof value === "string") return storable(value);
  if (Array.isArray(value)) return value.map(storableJson);
  if (typeof value !== "object" || value === null)
    return typeof value === "number" || typeof value === "boolean" ? value : null;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [storable(key), storableJson(item)]));
}

/** A JSON value as the ledger keeps it: long texts cut and marked, the whole bounded in size and depth. */
export function capJson(value: unknown): Json {
  const budget = { left: MAX_STORED_JSON };
  return capNode(value, budget, 0);
}

function capNode(value: unknown, budget: { left: number }, depth: number): Json {
  if (typeof value === "string") return capString(value, budget);
  budget.left -= 8;
  if (typeof value === "boolean" || value === null) return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "object") return null;
  if (depth >= MAX_JSON_DEPTH || budget.left <= 0) return "… [cut]";
  return Array.isArray(value) ? capArray(value, budget, depth) : capObject(value, budget, depth);
}

function capString(text: string, budget: { left: number }): string {
  const kept = capText(text, Math.max(0, Math.min(MAX_STORED_TEXT, budget.left)));
  budget.left -= kept.length;
  return kept;
}

function capArray(items: readonly unknown[], budget: { left: number }, depth: number): Json[] {
  const kept: Json[] = [];
  for (const item of items) {
    if (budget.left <= 0) {
      kept.push(`… [cut: ${items.length - kept.length} more items]`);
      break;
    }
    kept.push(capNode(item, budget, depth + 1));
  }
  return kept;
}

function capObject(object: object, budget: { left: number }, depth: number): { [key: string]: Json } {
  const entries: [string, Json][] = [];
  for (const [key, item] of Object.entries(object)) {
    if (budget.left <= 0) {
      entries.push(["…", "[cut: more fields]"]);
      break;
    }
    budget.left -= key.length;
    entries.push([capText(key, 1_000), capNode(item, budget, depth + 1)]);
  }
  return Object.fromEntries(entries);
}
