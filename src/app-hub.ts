import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createHubEvents } from "./app-hub-events.ts";
import { checkHubConfig } from "./config-hub.ts";
import type { Config } from "./config.ts";
import { connectionUrl } from "./db/connection-url.ts";
import { createDatabase } from "./db/database.ts";
import { findRunningPostgres } from "./db/embedded/embedded-postgres.ts";
import { openListener } from "./db/notify.ts";
import { openLedger } from "./db/open-ledger.ts";
import { createHubDesk } from "./hub/hub-desk.ts";
import { startHub } from "./hub/hub.ts";
import type { Logger } from "./lib/logger.ts";
import { readSecretFile } from "./lib/secret-file.ts";
import { VERSION } from "./lib/version.ts";
import { tellOfMachines } from "./subscriptions/tell-subscribers-queries.ts";

const PROCESS_ID_LENGTH = 16;

/** A folder of its own, so that a hub and a server run side by side from one installation. */
const hubDataDir = (config: Pick<Config, "dataDir">): string => join(config.dataDir, "hub");

/** The hub as a process: its database, and everything it is made of. */
export async function startHubApp(config: Config, log: Logger) {
  checkHubConfig(config.hub);
  await using parts = new AsyncDisposableStack();
  const dataDir = hubDataDir(config);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const { db, connectionString } = await openLedger({ ...config, dataDir }, log, parts);
  const listener = parts.use(await openListener(connectionString, log));
  const secret = config.hub.secret ?? (await readSecretFile(join(dataDir, "hub-secret")));
  const address = { url: "" };
  const events = createHubEvents({ config, log, db, listener, secret, baseUrl: () => address.url });
  const hub = parts.use(
    await startHub({
      config: config.hub,
      log,
      db,
      listener,
      processId: (await readSecretFile(join(dataDir, "hub-process"))).slice(0, PROCESS_ID_LENGTH),
      secret,
      version: VERSION,
      tell: tellOfMachines,
      dashboardDir: config.http.dashboardDir,
      operator: events.operator,
    }),
  );
  address.url = hub.url;
  await events.start(parts);
  const kept = parts.move();
  return { url: hub.url, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Beside a hub that may be running: its lock is left alone. */
export async function lookAtHub(config: Config, log: Logger, parts: AsyncDisposableStack) {
  const dataDir = hubDataDir(config);
  const url = config.databaseUrl ?? (await findRunningPostgres(dataDir))?.connectionString;
  const db =
    url === undefined
      ? (await openLedger({ ...config, dataDir }, log, parts)).db
      : parts.adopt(createDatabase(connectionUrl(url)), (it) => it.destroy());
  return createHubDesk({ db });
}
