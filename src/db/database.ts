import { CamelCasePlugin, Kysely, PostgresDialect, sql, type Transaction as KyselyTransaction } from "kysely";
import pg from "pg";
import { connectionUrl } from "./connection-url.ts";
import type { DB } from "./schema.ts";

export type Database = Kysely<DB>;
export type Transaction = KyselyTransaction<DB>;

const DEFAULT_CONNECTIONS = 10;
const CONNECT_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_MS = 30_000;
const STATEMENT_TIMEOUT_MS = 30_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000;

const READ_AS_NUMBER: ReadonlySet<number> = new Set([pg.types.builtins.INT8, pg.types.builtins.NUMERIC]);

/** Counts, sizes and amounts are numbers here: none of ours comes near 2^53, and strings in sums are a trap. */
const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: "text" | "binary") =>
  format !== "binary" && READ_AS_NUMBER.has(oid) ? Number : pg.types.getTypeParser(oid, format);

export interface DatabaseOptions {
  /** Connections at most. */
  max?: number;
}

/** A pool of connections with our limits, for the few users that cannot go through Kysely. The caller ends it. */
export function createPool(connectionString: string, { max = DEFAULT_CONNECTIONS }: DatabaseOptions = {}): pg.Pool {
  const pool = new pg.Pool({
    connectionString: connectionUrl(connectionString),
    max,
    types: { getTypeParser },
    application_name: "claude-orchestrator",
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    keepAlive: true,
  });
  // An idle connection that breaks (server restart) is dropped by the pool; unheard, its error would end the process.
  pool.on("error", () => {});
  // The pool does not hear the errors of a connection that is in use; between two statements of a transaction nobody does.
  // The next statement fails, and that is where it is dealt with.
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}

/**
 * The ledger: camelCase here, snake_case in PostgreSQL; the inside of JSON values is left as it is. bigint and numeric
 * are numbers, timestamptz is Date (milliseconds). Connects on first use; the caller destroys it.
 */
export function createDatabase(connectionString: string, options?: DatabaseOptions): Database {
  return new Kysely<DB>({
    dialect: new PostgresDialect({ pool: createPool(connectionString, options) }),
    plugins: [new CamelCasePlugin({ maintainNestedObjectKeys: true })],
  });
}

/** The version of the PostgreSQL behind `db`, such as 18.4. */
export async function serverVersion(db: Database): Promise<string> {
  const { rows } = await sql<{ version: string }>`select current_setting('server_version') as version`.execute(db);
  return rows[0]?.version ?? "";
}
