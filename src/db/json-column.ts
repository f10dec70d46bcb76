import type { ColumnType } from "kysely";

/** Any value JSON can hold. */
export type JsonValue = boolean | number | string | null | JsonValue[] | { [key: string]: JsonValue | undefined };

/**
 * What may be written to a json or jsonb column: an object, or JSON text. Not a bare array: the driver would send it as
 * a PostgreSQL array literal, so arrays go through JSON.stringify.
 */
export type JsonInput = string | { readonly [key: string]: unknown };

export type JsonColumn = ColumnType<JsonValue, JsonInput, JsonInput>;
