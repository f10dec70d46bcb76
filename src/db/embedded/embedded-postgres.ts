import { access, mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { backoffMs } from "../../lib/backoff.ts";
import type { Logger } from "../../lib/logger.ts";
import { findPackage, installBinaries, packageVersion } from "./binaries.ts";
import { makeCluster, SUPERUSER } from "./cluster.ts";
import { openHome, openSocketFolder } from "./home.ts";
import { endOrphan, findReadyServer } from "./postmaster.ts";
import { takeProcessLock } from "./process-lock.ts";
import { startServerProcess, type ServerPlan, type ServerProcess } from "./server-process.ts";

const DATABASE = "orchestrator";
const IN_USE =
  "uses the embedded database in this data directory, which serves one process only: several need DATABASE_URL";
const RESTART_BACKOFF = { baseMs: 50, capMs: 5_000 };

export interface EmbeddedOptions {
  dataDir: string;
  log: Logger;
  /** Where the npm package with PostgreSQL is, when not among our own dependencies. */
  packageFolder?: string;
  /** Settings of the server besides ours. */
  settings?: Record<string, string>;
}

export interface EmbeddedPostgres {
  connectionString: string;
  /** Of the server, such as 18.4. */
  version: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts the PostgreSQL that comes with this program on the cluster that belongs to `dataDir`, both made when missing.
 * It serves this process only, on a socket that only this account reaches; it is started again when it dies, and ends
 * when this process ends, however that happens.
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  await using parts = new AsyncDisposableStack();
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  const dataDir = await realpath(options.dataDir);
  parts.use(await takeProcessLock(join(dataDir, "postgres.lock"), IN_USE));
  const plan = await prepare(dataDir, options);
  parts.use(await keepServerRunning(plan, options.log));
  const connectionString = socketUrl(plan.socketFolder, DATABASE);
  const version = await openDatabase(plan.socketFolder);
  const kept = parts.move();
  return { connectionString, version, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function prepare(
  dataDir: string,
  { log, packageFolder = findPackage(), settings = {} }: EmbeddedOptions,
): Promise<ServerPlan> {
  const home = await openHome(dataDir, await packageVersion(packageFolder));
  const bin = await installBinaries(packageFolder, home.binaries);
  if ((await endOrphan(home.dataDir)) === "ended") log.warn("ended the PostgreSQL that an earlier process left behind");
  await makeCluster(home, bin);
  return { home, bin, socketFolder: await openSocketFolder(home), settings };
}

/** A server that dies (out of memory, kill -9) is started again and recovers; its clients see a short gap. */
async function keepServerRunning(plan: ServerPlan, log: Logger): Promise<AsyncDisposable> {
  let server: ServerProcess = await startServerProcess(plan);
  const stopping = new AbortController();
  const isStopping = () => stopping.signal.aborted;

  async function startAgain(): Promise<void> {
    for (let attempt = 1; !isStopping(); attempt++) {
      try {
        await endOrphan(plan.home.dataDir);
        server = await startServerProcess(plan);
        if (isStopping()) await server.stop();
        return;
      } catch (error) {
        log.error({ err: error }, "PostgreSQL did not start again");
        await sleep(backoffMs(attempt, RESTART_BACKOFF), undefined, { ref: false, signal: stopping.signal }).catch(
          () => {},
        );
      }
    }
  }

  async function watch(): Promise<void> {
    for (;;) {
      await server.ended;
      if (isStopping()) return;
      log.error({ pid: server.pid }, "PostgreSQL ended unexpectedly; starting it again");
      await startAgain();
    }
  }

  const watching = watch();
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await server.stop();
      await watching;
    },
  };
}

/** Makes the database when it is not there yet; answers with the version of the server. */
async function openDatabase(socketFolder: string): Promise<string> {
  const client = new pg.Client({ connectionString: socketUrl(socketFolder, "postgres") });
  await client.connect();
  try {
    const { rows } = await client.query<{ version: string; there: boolean }>(
      "select current_setting('server_version') as version, exists (select from pg_database where datname = $1) as there",
      [DATABASE],
    );
    if (rows[0]?.there !== true) await client.query(`create database ${DATABASE}`);
    return rows[0]?.version ?? "";
  } finally {
    await client.end();
  }
}

/**
 * The server that another process of ours runs on the cluster of `dataDir`, to look at it from beside; undefined when
 * none runs. Nothing is made or changed.
 */
export async function findRunningPostgres(
  dataDir: string,
): Promise<{ connectionString: string; pid: number } | undefined> {
  const isMade = await access(join(dataDir, "postgres.location")).then(
    () => true,
    () => false,
  );
  if (!isMade) return undefined;
  const home = await openHome(await realpath(dataDir), await packageVersion(findPackage()));
  const pid = await findReadyServer(home.dataDir);
  return pid === undefined ? undefined : { pid, connectionString: socketUrl(await openSocketFolder(home), DATABASE) };
}

/** Says everything that the driver would otherwise take from PG* variables of the environment. */
function socketUrl(socketFolder: string, database: string): string {
  return `postgresql://${SUPERUSER}@localhost:5432/${database}?host=${encodeURIComponent(socketFolder)}&sslmode=disable`;
}
