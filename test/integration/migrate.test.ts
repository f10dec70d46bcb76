import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { createDatabase } from "../../src/db/database.ts";
import { migrate } from "../../src/db/migrate.ts";
import { testDatabase } from "../support/database.ts";

const SQL_DIR = resolve(import.meta.dirname, "../../sql");

/** A folder with these migrations, by file name. */
async function migrations(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "migrations-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

test("several processes may migrate an empty database at the same moment", async () => {
  await using database = await testDatabase({ migrated: false });
  const others = [1, 2, 3].map(() => createDatabase(database.connectionString, { max: 2 }));
  try {
    await Promise.all(others.map((db) => migrate(db, SQL_DIR)));
  } finally {
    await Promise.all(others.map((db) => db.destroy()));
  }
  expect(await database.db.selectFrom("sessions").selectAll().execute()).toEqual([]);
});

test("every table says what it is for", async () => {
  await using database = await testDatabase();
  const { rows } = await sql<{ relname: string }>`select relname from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relname not like 'kysely%'
      and obj_description(oid, 'pg_class') is null`.execute(database.db);
  expect(rows).toEqual([]);
});

test("every foreign key has an index, so that deleting a session reads no whole table", async () => {
  await using database = await testDatabase();
  const { rows } = await sql<{
    key: string;
  }>`select c.conrelid::regclass || ' ' || c.conname as key from pg_constraint c
    where c.contype = 'f' and c.confrelid in ('sessions'::regclass, 'runs'::regclass, 'session_messages'::regclass)
      and not exists (select from pg_index i where i.indrelid = c.conrelid and i.indkey[0] = c.conkey[1])`.execute(
    database.db,
  );
  expect(rows).toEqual([]);
});

test("a migration that fails leaves nothing of itself and is named", async () => {
  await using database = await testDatabase({ migrated: false });
  const folder = await migrations({
    "0001-good.sql": "create table one ();",
    "0002-bad.sql": "create table two (); select 1 / 0;",
  });
  await expect(migrate(database.db, folder)).rejects.toThrow("Migration 0002-bad failed: division by zero");
  const { rows } = await sql`select tablename from pg_tables where tablename in ('one', 'two')`.execute(database.db);
  expect(rows).toEqual([]);
});

test("a database that a newer version has migrated is refused", async () => {
  await using database = await testDatabase({ migrated: false });
  await migrate(
    database.db,
    await migrations({ "0001-one.sql": "select 1;", "0002-from-the-future.sql": "select 1;" }),
  );
  const older = await migrations({ "0001-one.sql": "select 1;" });
  await expect(migrate(database.db, older)).rejects.toThrow(
    "newer version of claude-orchestrator (0002-from-the-future)",
  );
});

test("a later migration is applied to what is there", async () => {
  await using database = await testDatabase({ migrated: false });
  await migrate(database.db, await migrations({ "0001-one.sql": "create table one ();" }));
  const newer = await migrations({
    "0001-one.sql": "create table one ();",
    "0002-two.sql": "alter table one add two int;",
  });
  await migrate(database.db, newer);
  expect((await sql`select two from one`.execute(database.db)).rows).toEqual([]);
});

test("events restored from another cluster's dump are dated as past, so that the feed does not wait for them", async () => {
  await using database = await testDatabase();
  const { db } = database;
  await db.insertInto("workers").values({ id: "w", hostname: "h", pid: 1, version: "1", slots: 1 }).execute();
  const session = { title: "t", projectType: "local", workerId: "w" };
  const { id } = await db.insertInto("sessions").values(session).returning("id").executeTakeFirstOrThrow();
  const event = { sessionId: id, type: "message", data: {} };
  await db
    .insertInto("sessionEvents")
    .values([
      { ...event, seq: 1, tx: "999999999999" },
      { ...event, seq: 2 },
    ])
    .execute();
  const before = await db.selectFrom("sessionEvents").select("tx").where("seq", "=", 2).executeTakeFirstOrThrow();
  await migrate(db, SQL_DIR);
  const after = await db.selectFrom("sessionEvents").select("tx").orderBy("seq").execute();
  expect(after).toEqual([{ tx: "3" }, before]);
});
