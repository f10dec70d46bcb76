import pg from "pg";
import { connectionUrl } from "./connection-url.ts";

/** One row of a table we know only by reading its columns: timestamps as ISO text, ids as text, json as values. */
export type SeedRow = Record<string, unknown>;

export interface SeedReader {
  has(table: string): boolean;
  /** All rows, in batches; `order` names the columns to sort by, of which those that exist count. */
  read(table: string, order: readonly string[]): AsyncGenerator<SeedRow[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

interface Column {
  name: string;
  type: string;
}

const BATCH_ROWS = 500;
const CONNECT_TIMEOUT_MS = 10_000;
/** JSON may hold the NUL character where PostgreSQL's text and jsonb may not. An odd number of backslashes escapes it. */
const ESCAPED_NUL = /(?<!\\)((?:\\\\)*)\\u0000/g;

/**
 * Opens a database of which only the names of tables are known, and reads it as it is in this moment: one transaction,
 * nothing is ever written to it.
 */
export async function openSeedReader(connectionString: string): Promise<SeedReader> {
  const client = new pg.Client({
    connectionString: connectionUrl(connectionString),
    application_name: "claude-orchestrator import",
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  // A broken connection fails the next query, which says so.
  client.on("error", () => {});
  await client.connect();
  try {
    await client.query("begin isolation level repeatable read, read only");
    const tables = await readColumns(client);
    return {
      has: (table) => tables.has(table),
      read: (table, order) => readRows(client, { table, order, columns: tables.get(table) ?? [] }),
      [Symbol.asyncDispose]: () => client.end(),
    };
  } catch (error) {
    await client.end();
    throw error;
  }
}

async function readColumns(client: pg.Client): Promise<Map<string, Column[]>> {
  const { rows } = await client.query<Column & { table: string }>(
    `select table_name as "table", column_name as name, data_type as type from information_schema.columns
     where table_schema = current_schema() order by table_name, ordinal_position`,
  );
  return Map.groupBy(rows, ({ table }) => table);
}

/** A column as JSON holds it without loss. A time without zone is one of the zone that database is set to. */
function expression({ name, type }: Column): string {
  const column = pg.escapeIdentifier(name);
  if (type === "timestamp without time zone") return `${column}::timestamptz as ${column}`;
  const isId = name === "id" || name.endsWith("_id");
  return isId || type === "bigint" ? `${column}::text as ${column}` : column;
}

async function* readRows(
  client: pg.Client,
  { table, order, columns }: { table: string; order: readonly string[]; columns: readonly Column[] },
): AsyncGenerator<SeedRow[]> {
  const present = order.filter((name) => columns.some((column) => column.name === name));
  // Of the table, not of the list: an id that was made text there would sort 10 before 2.
  const sorted = present.map((name) => `t.${pg.escapeIdentifier(name)}`);
  const orderBy = sorted.length > 0 ? `order by ${sorted.join(", ")}` : "";
  const from = pg.escapeIdentifier(table);
  const list = columns.map((column) => expression(column)).join(", ");
  await client.query(
    `declare seed_rows cursor for select to_json(r)::text as row from (select ${list} from ${from} t ${orderBy}) r`,
  );
  try {
    for (;;) {
      const { rows } = await client.query<{ row: string }>(`fetch ${BATCH_ROWS} from seed_rows`);
      if (rows.length === 0) return;
      yield rows.map(({ row }) => JSON.parse(row.replaceAll(ESCAPED_NUL, String.raw`$1\ufffd`)) as SeedRow);
    }
  } finally {
    await client.query("close seed_rows");
  }
}
