import { readdir } from "node:fs/promises";
import { sql, type Kysely } from "kysely";
import type { DB } from "../../db/schema.ts";

/** How far the clock of the database is ahead of ours, in milliseconds; the way there and back is taken out. */
export async function measureClockSkew(db: Kysely<DB>): Promise<number> {
  const asked = Date.now();
  const { rows } = await sql<{ at: Date }>`select clock_timestamp() as at`.execute(db);
  const answered = Date.now();
  return (rows[0]?.at.getTime() ?? answered) - (asked + answered) / 2;
}

/** Migrations of the folder that the database lacks, and those it has that the folder does not know. */
export async function compareMigrations(
  db: Kysely<DB>,
  folder: string,
): Promise<{ missing: string[]; unknown: string[] }> {
  const files = (await readdir(folder))
    .filter((name) => name.endsWith(".sql"))
    .map((name) => name.slice(0, -".sql".length));
  const { rows: tables } = await sql`select 1 from pg_tables
    where schemaname = current_schema() and tablename = 'kysely_migration'`.execute(db);
  const done =
    tables.length === 0
      ? []
      : (await sql<{ name: string }>`select name from kysely_migration`.execute(db)).rows.map(({ name }) => name);
  return {
    missing: files.filter((name) => !done.includes(name)),
    unknown: done.filter((name) => !files.includes(name)),
  };
}

/** What ever came from Slack, and which workspaces installed the app. */
export async function findSlackFacts(db: Kysely<DB>) {
  const heard = await db.selectFrom("slackHeard").select("event").orderBy("event").execute();
  const workspaces = await db
    .selectFrom("slackInstallations")
    .select(["teamName", "scopes", "keyId"])
    .orderBy("installedAt")
    .limit(100)
    .execute();
  return {
    heard: heard.map(({ event }) => event),
    workspaces: workspaces.map(({ teamName: name, scopes, keyId }) => ({ name, scopes, keyId })),
  };
}
