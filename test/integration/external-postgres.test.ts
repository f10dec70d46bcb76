import { resolve } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabase } from "../../src/db/database.ts";
import { migrate } from "../../src/db/migrate.ts";
import { openListener } from "../../src/db/notify.ts";
import { createLogger } from "../../src/lib/logger.ts";
import {
  hasOpenssl,
  hasPostgres15,
  startExternalPostgres,
  type ExternalPostgres,
} from "../support/external-postgres.ts";
import { requirePeer } from "../support/peers.ts";

const isThere =
  requirePeer("PostgreSQL 15", hasPostgres15, "apt-get install postgresql-15") &&
  requirePeer("openssl", hasOpenssl, "apt-get install openssl");

let server: ExternalPostgres;
beforeAll(async () => {
  if (isThere) server = await startExternalPostgres();
});
afterAll(() => server?.[Symbol.asyncDispose]());

/** Whether a connection by this URL is encrypted. */
async function isEncrypted(url: string): Promise<boolean> {
  const db = createDatabase(url, { max: 1 });
  try {
    const { rows } = await sql<{ ssl: boolean }>`select ssl from pg_stat_ssl where pid = pg_backend_pid()`.execute(db);
    return rows[0]?.ssl === true;
  } finally {
    await db.destroy();
  }
}

test("PostgreSQL 15 takes all migrations, twice", async () => {
  const db = createDatabase(server.socketUrl);
  try {
    await migrate(db, resolve(import.meta.dirname, "../../sql"));
    await migrate(db, resolve(import.meta.dirname, "../../sql"));
    const { rows } = await sql<{ version: string }>`show server_version_num`.execute(db);
    expect(rows).toEqual([{ serverVersionNum: expect.stringMatching(/^15/) }]);
    expect(await db.selectFrom("sessions").selectAll().execute()).toEqual([]);
  } finally {
    await db.destroy();
  }
});

test("without sslmode, and with disable, nothing is encrypted", async () => {
  await expect(isEncrypted(server.tlsUrl("127.0.0.1", {}))).rejects.toThrow("no encryption");
  await expect(isEncrypted(server.tlsUrl("127.0.0.1", { sslmode: "disable" }))).rejects.toThrow("no encryption");
});

test("sslmode=require encrypts and asks for no certificate", async () => {
  expect(await isEncrypted(server.tlsUrl("127.0.0.1", { sslmode: "require" }))).toBe(true);
});

test("sslmode=verify-ca asks for a certificate of that authority, for whatever name", async () => {
  const parameters = { sslmode: "verify-ca", sslrootcert: server.authority };
  expect(await isEncrypted(server.tlsUrl("127.0.0.1", parameters))).toBe(true);
});

test("sslmode=verify-full refuses an unknown authority and another name", async () => {
  const full = { sslmode: "verify-full" };
  await expect(isEncrypted(server.tlsUrl("localhost", full))).rejects.toThrow(/certificate/);
  const known = { ...full, sslrootcert: server.authority };
  await expect(isEncrypted(server.tlsUrl("127.0.0.1", known))).rejects.toThrow(/does not match certificate/);
  expect(await isEncrypted(server.tlsUrl("localhost", known))).toBe(true);
});

test("the listener reads sslmode the same way", async () => {
  const log = createLogger("silent");
  await expect(openListener(server.tlsUrl("localhost", { sslmode: "verify-full" }), log)).rejects.toThrow(
    /certificate/,
  );
  await using listener = await openListener(server.tlsUrl("127.0.0.1", { sslmode: "require" }), log);
  await expect(listener.listen("news", () => {})).resolves.toBeUndefined();
});
