import { invalidField } from "./errors.ts";

/** An opaque place in a list, made of the values the list is ordered by. */
export const encodeCursor = (...parts: readonly (string | number)[]): string =>
  Buffer.from(parts.join("|")).toString("base64url");

export const CURSOR_NUMBER = /^\d{1,18}$/;
/** Of a column of four bytes. */
export const CURSOR_INT = /^\d{1,9}$/;
export const CURSOR_TIME = /^(?!0000)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
export const CURSOR_UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** The values of a cursor, one for each pattern; one that we did not make is refused. */
export function decodeCursor(cursor: string, patterns: readonly RegExp[]): string[] {
  const parts = Buffer.from(cursor, "base64url").toString("utf8").split("|");
  if (parts.length !== patterns.length || !patterns.every((pattern, index) => fits(pattern, parts[index] ?? "")))
    throw invalidField("query.cursor", "is not a cursor of this list");
  return parts;
}

/** A time must also be one: the 30th of February would pass for a fault of the database. */
function fits(pattern: RegExp, part: string): boolean {
  if (!pattern.test(part)) return false;
  if (pattern !== CURSOR_TIME) return true;
  const time = new Date(part);
  return !Number.isNaN(time.getTime()) && time.toISOString() === part;
}

/** Cuts the surplus row that says there is more, and names the place after the last one kept. */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  { present, cursor }: { present: (row: Row) => Item; cursor: (row: Row) => string },
): { items: Item[]; nextCursor: string | null } {
  const kept = rows.slice(0, limit);
  const last = kept.at(-1);
  return { items: kept.map(present), nextCursor: rows.length > limit && last !== undefined ? cursor(last) : null };
}
