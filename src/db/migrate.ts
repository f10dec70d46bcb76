import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { sql, type Kysely } from "kysely";
import { DEFAULT_MIGRATION_TABLE, Migrator, type Migration, type MigrationProvider } from "kysely/migration";
import { AppError, toError } from "../lib/errors.ts";
import { datePastEvents } from "./restored-rows.ts";
import type { DB } from "./schema.ts";

const OLDEST_SERVER = 15;
const MIGRATION_FILE = /^\d{4}-[a-z0-9-]+\.sql$/;

/** Migrations are the files 0001-name.sql, … of a folder: plain SQL, forward only. */
function sqlFiles(folder: string): MigrationProvider {
  return {
    async getMigrations() {
      const names = (await readdir(folder)).filter((name) => MIGRATION_FILE.test(name));
      const entries = names.map(async (name): Promise<[string, Migration]> => {
        const text = await readFile(join(folder, name), "utf8");
        return [name.slice(0, -".sql".length), { up: (db) => runFile(db, text) }];
      });
      return Object.fromEntries(await Promise.all(entries));
    },
  };
}

async function runFile(db: Kysely<unknown>, text: string): Promise<void> {
  // A migration of a large table may take longer than a request may.
  await sql`set local statement_timeout = 0`.execute(db);
  await sql.raw(text).execute(db);
}

/**
 * Brings the database to what the files of `folder` say, in order and in one transaction. Several processes may call it
 * at once: Kysely's lock lets one work and the others find it done. Refuses a database that a newer version of this
 * program has migrated, and servers older than PostgreSQL 15.
 */
export async function migrate(db: Kysely<DB>, folder: string): Promise<void> {
  await refuseOldServer(db);
  const provider = sqlFiles(folder);
  await refuseNewerSchema(db, provider);
  const { error, results = [] } = await new Migrator({ db, provider }).migrateToLatest();
  if (error === undefined) {
    await datePastEvents(db);
    return;
  }
  const failed = results.find((result) => result.status === "Error");
  const cause = toError(error);
  throw new Error(`Migration ${failed?.migrationName ?? "of the database"} failed: ${cause.message}`, { cause });
}

async function refuseOldServer(db: Kysely<DB>): Promise<void> {
  const { rows } = await sql<{ version: string }>`select current_setting('server_version') as version`.execute(db);
  const version = rows[0]?.version ?? "0";
  if (Number.parseInt(version, 10) >= OLDEST_SERVER) return;
  throw new AppError(
    "unavailable",
    `The database server is PostgreSQL ${version}; ${OLDEST_SERVER} or newer is needed`,
  );
}

async function refuseNewerSchema(db: Kysely<DB>, provider: MigrationProvider): Promise<void> {
  const { rows: tables } = await sql`select 1 from pg_tables
    where schemaname = current_schema() and tablename = ${DEFAULT_MIGRATION_TABLE}`.execute(db);
  if (tables.length === 0) return;
  const { rows } = await sql<{
    name: string;
  }>`select name from ${sql.table(DEFAULT_MIGRATION_TABLE)} order by name`.execute(db);
  const known = await provider.getMigrations();
  const unknown = rows.map(({ name }) => name).filter((name) => !(name in known));
  if (unknown.length === 0) return;
  throw new AppError(
    "unavailable",
    `The database was migrated by a newer version of claude-orchestrator (${unknown.join(", ")}): start that version, or restore a backup`,
  );
}
