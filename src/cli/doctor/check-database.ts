import type { Config } from "../../config.ts";
import { connectionUrl } from "../../db/connection-url.ts";
import { createDatabase, serverVersion, type Database } from "../../db/database.ts";
import { findPackage, packageVersion } from "../../db/embedded/binaries.ts";
import { findRunningPostgres } from "../../db/embedded/embedded-postgres.ts";
import { toError } from "../../lib/errors.ts";
import { fail, ok, warn, type Check } from "./check.ts";
import { compareMigrations, measureClockSkew } from "./doctor-queries.ts";

const NAME = "database";
const OLDEST_SERVER = 15;
const MAX_SKEW_MS = 2_000;

type Place = Pick<Config, "databaseUrl" | "dataDir" | "sqlDir">;

/** The database, its tables and its clock; an embedded one is looked at from beside while a server uses it. */
export async function checkDatabase(place: Place): Promise<Check[]> {
  if (place.databaseUrl !== undefined)
    return look(connectionUrl(place.databaseUrl), place, {
      what: "PostgreSQL at DATABASE_URL",
      advice: "Start it, or correct DATABASE_URL; the account needs the right to create tables",
    });
  try {
    const running = await findRunningPostgres(place.dataDir);
    if (!running) return [await checkPackage()];
    const what = `embedded, in use by a server that runs now (PostgreSQL's pid ${running.pid})`;
    return await look(running.connectionString, place, { what, advice: "See the log of the server" });
  } catch (error) {
    return [
      fail(NAME, `embedded: ${toError(error).message}`, "Start as the account that owns it, or set DATABASE_URL"),
    ];
  }
}

/** Reads from the ledger where that is possible without starting a server for it; undefined where it is not. */
export async function readLedger<T>(place: Place, read: (db: Database) => Promise<T>): Promise<T | undefined> {
  const running =
    place.databaseUrl === undefined ? await findRunningPostgres(place.dataDir).catch(() => {}) : undefined;
  const url = place.databaseUrl === undefined ? running?.connectionString : connectionUrl(place.databaseUrl);
  if (url === undefined) return undefined;
  const db = createDatabase(url, { max: 1 });
  try {
    return await read(db);
  } catch {
    // What is wrong with the database is said by its own check.
    return undefined;
  } finally {
    await db.destroy();
  }
}

async function checkPackage(): Promise<Check> {
  try {
    const version = await packageVersion(findPackage());
    return ok(NAME, `embedded, PostgreSQL ${version.split("-")[0]}; it starts with the server`);
  } catch (error) {
    return fail(NAME, toError(error).message, "npm ci without --omit=optional, or set DATABASE_URL");
  }
}

async function look(url: string, { sqlDir }: Place, words: { what: string; advice: string }): Promise<Check[]> {
  const db = createDatabase(url, { max: 1 });
  try {
    const version = await serverVersion(db);
    const text = `${words.what}, ${version}`;
    if (Number.parseInt(version, 10) < OLDEST_SERVER)
      return [fail(NAME, text, `PostgreSQL ${OLDEST_SERVER} or later is needed`)];
    return [ok(NAME, text), await checkTables(db, sqlDir), await checkClock(db)];
  } catch (error) {
    // The driver's words name host and cause; the address with its password is not among them.
    return [
      fail(NAME, `${words.what} does not answer: ${toError(error).message || "connection refused"}`, words.advice),
    ];
  } finally {
    await db.destroy();
  }
}

async function checkTables(db: Database, sqlDir: string): Promise<Check> {
  const name = "database tables";
  const { missing, unknown } = await compareMigrations(db, sqlDir);
  if (unknown.length > 0)
    return fail(name, `made by a newer version (${unknown.join(", ")})`, "Start that version, or restore a backup");
  if (missing.length > 0)
    return warn(
      name,
      `${missing.length} migrations to come (${missing.join(", ")})`,
      "Nothing: the next start makes them",
    );
  return ok(name, "up to date");
}

async function checkClock(db: Database): Promise<Check> {
  const name = "clock";
  const skew = await measureClockSkew(db);
  const seconds = (Math.abs(skew) / 1000).toFixed(1);
  if (Math.abs(skew) > MAX_SKEW_MS)
    return warn(
      name,
      `the database's clock is ${seconds} s ${skew > 0 ? "ahead" : "behind"}`,
      "Let NTP set both clocks: waits and budgets end by them",
    );
  return ok(name, `${seconds} s from the database's`);
}
