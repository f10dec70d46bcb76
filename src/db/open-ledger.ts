import { join } from "node:path";
import type { Logger } from "../lib/logger.ts";
import { connectionUrl } from "./connection-url.ts";
import { createDatabase, type Database } from "./database.ts";
import { startEmbeddedPostgres } from "./embedded/embedded-postgres.ts";
import { takeProcessLock } from "./embedded/process-lock.ts";
import { migrate } from "./migrate.ts";

export interface Ledger {
  db: Database;
  connectionString: string;
  kind: "embedded" | "external";
}

/**
 * The migrated ledger: on the database that was named, else on the embedded one. One process at a time may use a data
 * directory, whichever it is. `parts` owns what is opened.
 */
export async function openLedger(
  config: { databaseUrl?: string | undefined; dataDir: string; sqlDir: string },
  log: Logger,
  parts: AsyncDisposableStack,
): Promise<Ledger> {
  const { databaseUrl, dataDir, sqlDir } = config;
  const embedded = databaseUrl === undefined ? parts.use(await startEmbeddedPostgres({ dataDir, log })) : undefined;
  if (!embedded) parts.use(await takeProcessLock(join(dataDir, "worker.lock")));
  const connectionString = connectionUrl(embedded?.connectionString ?? databaseUrl ?? "");
  const db = parts.adopt(createDatabase(connectionString), (it) => it.destroy());
  await migrate(db, sqlDir);
  return { db, connectionString, kind: embedded ? "embedded" : "external" };
}
