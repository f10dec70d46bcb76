import { createHash } from "node:crypto";
import { isAbsolute } from "node:path";
import type { SeedRow } from "../db/seed-reader.ts";
import { capJson, capText, type Json } from "../lib/text.ts";

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

export const isUuid = (text: string | undefined): text is string => text !== undefined && UUID.test(text);

/** The same UUID for the same names, whenever and wherever it is asked for (after RFC 9562, version 5). */
export function derivedUuid(...names: string[]): string {
  const hash = createHash("sha1")
    .update(["claude-orchestrator seed", ...names].join("\u0000"))
    .digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  return hash.toString("hex", 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

export const orNull = <T>(value: T | undefined): T | null => value ?? null;

/** Reads the fields of a row of which nothing is certain; whatever was not asked for is left over. */
export function readFields(row: SeedRow) {
  const left = new Map(Object.entries(row));

  /** The first of these columns that has a value. All of them count as read. */
  function take(...names: string[]): unknown {
    const values = names.map((name) => left.get(name));
    for (const name of names) left.delete(name);
    return values.find((value) => value !== null && value !== undefined);
  }

  function text(...names: string[]): string | undefined {
    const value = take(...names);
    if (value === undefined) return undefined;
    return typeof value === "string" ? value : JSON.stringify(value);
  }

  return {
    take,
    text,
    /** A word in small letters, for comparing. */
    word: (...names: string[]) =>
      text(...names)
        ?.trim()
        .toLowerCase(),
    path(...names: string[]) {
      const value = text(...names);
      return value !== undefined && isAbsolute(value) ? value : undefined;
    },
    /** A value that may also stand as JSON in a text column. */
    json(...names: string[]): Json | undefined {
      const value = take(...names);
      return value === undefined ? undefined : capJson(typeof value === "string" ? parseLoosely(value) : value);
    },
    texts(...names: string[]): string[] {
      const value = take(...names);
      return Array.isArray(value) ? value.filter((item) => typeof item === "string" && item !== "") : [];
    },
    /** What nobody asked for, as metadata. */
    rest(): Record<string, Json> {
      const filled = [...left].filter(([, value]) => value !== null);
      return Object.fromEntries(filled.map(([name, value]) => [capText(name, 200), capJson(value)]));
    },
  };
}

export type Fields = ReturnType<typeof readFields>;

function parseLoosely(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Metadata of the row with what else stood in it, which never replaces what the metadata says itself. */
export function mergeMetadata(own: Json | undefined, rest: Record<string, Json | undefined>): Record<string, Json> {
  const isObject = typeof own === "object" && own !== null && !Array.isArray(own);
  const base: Record<string, Json> = isObject ? own : own === undefined ? {} : { metadata: own };
  const added = Object.entries(rest).filter((entry): entry is [string, Json] => entry[1] !== undefined);
  return { ...Object.fromEntries(added), ...base };
}
