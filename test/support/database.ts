import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { inject } from "vitest";
import { createDatabase, type Database } from "../../src/db/database.ts";
import { withDatabase } from "./database-url.ts";

export interface TestDatabase {
  db: Database;
  connectionString: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How long a connection may take to go away after its pool was ended. */
const CLOSING_MS = 2_000;

/**
 * A database of its own for a test or a test file: a copy of the migrated template. Disposing of it fails when the test
 * left a connection open. `await using database = await testDatabase();`, or dispose of it in afterAll.
 */
export async function testDatabase({ migrated = true }: { migrated?: boolean } = {}): Promise<TestDatabase> {
  const { adminUrl, template } = inject("testServer");
  const name = `${template}_${randomUUID().slice(0, 8)}`;
  await administer(adminUrl, (admin) =>
    admin.query(`create database ${name} template ${migrated ? template : "template0"}`),
  );
  const connectionString = withDatabase(adminUrl, name);
  const db = createDatabase(connectionString);
  return {
    db,
    connectionString,
    async [Symbol.asyncDispose]() {
      await db.destroy();
      await administer(adminUrl, async (admin) => {
        const open = await findOpen(admin, name);
        await admin.query(`drop database ${name} with (force)`);
        if (open.length > 0)
          throw new Error(`The test left ${open.length} database connection(s) open:\n${open.join("\n")}`);
      });
    },
  };
}

/** What is still connected when everything had time to close: application and last statement of each. */
async function findOpen(admin: pg.Client, name: string): Promise<string[]> {
  const deadline = performance.now() + CLOSING_MS;
  for (;;) {
    const { rows } = await admin.query<{ application_name: string; query: string }>(
      "select application_name, left(query, 200) as query from pg_stat_activity where datname = $1 and backend_type = 'client backend'",
      [name],
    );
    if (rows.length === 0 || performance.now() > deadline)
      return rows.map((row) => `${row.application_name}: ${row.query}`);
    await sleep(20);
  }
}

async function administer<T>(adminUrl: string, work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: adminUrl, application_name: "test administration" });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}
