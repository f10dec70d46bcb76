import { readdirSync, readFileSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "kysely";
import type { Database } from "../../src/db/database.ts";

/** Where a secret turned up that should be nowhere. */
export interface Sighting {
  secret: string;
  place: string;
}

type Secrets = Readonly<Record<string, string>>;

export function findIn(text: string, place: string, secrets: Secrets): Sighting[] {
  return Object.entries(secrets).flatMap(([secret, value]) => (text.includes(value) ? [{ secret, place }] : []));
}

/** Every file below a folder, links not followed. */
export async function findInFiles(folder: string, secrets: Secrets): Promise<Sighting[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const found = await Promise.all(
    files.map(async (file) => findIn(await readFile(file, "latin1").catch(() => ""), file, secrets)),
  );
  return found.flat();
}

/** Every row of every table. */
export async function findInTables(db: Database, secrets: Secrets): Promise<Sighting[]> {
  const { rows: tables } = await sql<{ name: string }>`
    select format('%I.%I', schemaname, tablename) as name from pg_tables
    where schemaname not in ('pg_catalog', 'information_schema')`.execute(db);
  const found = await Promise.all(
    tables.map(async ({ name }) => {
      const { rows } = await sql<{ text: string }>`select t::text as text from ${sql.raw(name)} t`.execute(db);
      return findIn(rows.map(({ text }) => text).join("\n"), name, secrets);
    }),
  );
  return found.flat();
}

/** Looks at the command lines of all processes again and again until stopped; gives what it saw, and how many it looked at. */
export function watchCommandLines(secrets: Secrets): () => { sightings: Sighting[]; lines: ReadonlySet<string> } {
  const lines = new Set<string>();
  const look = () => {
    for (const pid of readdirSync("/proc")) {
      if (!/^\d+$/.test(pid)) continue;
      try {
        lines.add(readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " "));
      } catch {
        // It ended between the two looks.
      }
    }
  };
  const timer = setInterval(look, 15);
  return () => {
    clearInterval(timer);
    return { sightings: findIn([...lines].join("\n"), "command lines", secrets), lines };
  };
}
