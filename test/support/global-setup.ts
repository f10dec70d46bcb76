import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { createDatabase } from "../../src/db/database.ts";
import { startEmbeddedPostgres } from "../../src/db/embedded/embedded-postgres.ts";
import { migrate } from "../../src/db/migrate.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { withDatabase } from "./database-url.ts";

export interface TestServer {
  /** Of a superuser, to any database of the server. */
  adminUrl: string;
  /** The migrated database that the tests copy. */
  template: string;
}

declare module "vitest" {
  interface ProvidedContext {
    testServer: TestServer;
  }
}

const SQL_DIR = resolve(import.meta.dirname, "../../sql");

/** One server for all test files of a project: our own embedded one, or that of TEST_DATABASE_URL. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await using parts = new AsyncDisposableStack();
  const adminUrl = process.env["TEST_DATABASE_URL"] ?? (await startServer(parts));
  const template = `template_${process.pid}_${Date.now().toString(36)}`;
  await makeTemplate(adminUrl, template);
  parts.defer(() => dropTestDatabases(adminUrl, template));
  project.provide("testServer", { adminUrl, template });
  const kept = parts.move();
  return () => kept.disposeAsync();
}

async function startServer(parts: AsyncDisposableStack): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), "orchestrator-test-"));
  parts.defer(() => rm(dataDir, { recursive: true, force: true }));
  // Started by root, the server runs as another account, and shall still leave nothing outside of this folder.
  await chmod(dataDir, 0o711);
  return parts.use(await startEmbeddedPostgres({ dataDir, log: createLogger("warn") })).connectionString;
}

async function makeTemplate(adminUrl: string, template: string): Promise<void> {
  await execute(adminUrl, `create database ${template}`);
  const db = createDatabase(withDatabase(adminUrl, template), { max: 1 });
  try {
    await migrate(db, SQL_DIR);
  } finally {
    await db.destroy();
  }
}

async function dropTestDatabases(adminUrl: string, template: string): Promise<void> {
  const { rows } = await execute(
    adminUrl,
    `select datname from pg_database where datname like '${template}%' order by 1`,
  );
  const names = rows.map(({ datname }: { datname: string }) => datname);
  for (const name of names) await execute(adminUrl, `drop database ${name} with (force)`);
  const left = names.filter((name: string) => name !== template);
  if (left.length > 0) throw new Error(`Tests did not dispose of ${left.length} test database(s): ${left.join(", ")}`);
}

async function execute(url: string, statement: string) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(statement);
  } finally {
    await client.end();
  }
}
