import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chown, mkdtemp, readdir, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { chooseAccount } from "../../src/db/embedded/account.ts";
import { runAs } from "../../src/db/embedded/cluster.ts";

/** Debian's; the oldest version the ledger promises to work on. */
const BIN = "/usr/lib/postgresql/15/bin";
const START_MS = 60_000;

export const hasPostgres15 = (): boolean => existsSync(join(BIN, "postgres"));

export interface KillablePostgres {
  /** Over a unix socket; it stays the same over all restarts. */
  connectionString: string;
  /** SIGKILL to the server and every process of it, as when the machine's memory runs out. */
  kill(): Promise<void>;
  /** Starts it on the same data; resolves when it takes connections, its recovery done. */
  start(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A PostgreSQL 15 with its durable settings, that can be killed and started again. */
export async function startKillablePostgres(): Promise<KillablePostgres> {
  const account = await chooseAccount(undefined);
  const folder = await mkdtemp(join(tmpdir(), "orchestrator-killable-"));
  if (account.isOther) await chown(folder, account.uid, account.gid);
  const data = join(folder, "data");
  const as = { ...runAs(account), cwd: "/", env: { PATH: "/usr/bin:/bin", LC_ALL: "C" }, stdio: "ignore" as const };
  execFileSync(join(BIN, "initdb"), ["-D", data, "-U", "me", "--no-locale", "-E", "UTF8", "--auth=trust"], as);
  const settings = ["listen_addresses=", `unix_socket_directories=${folder}`, "max_connections=200"];
  const options = ["-D", data, ...settings.flatMap((setting) => ["-c", setting])];
  const connectionString = `postgresql://me@localhost/postgres?host=${encodeURIComponent(folder)}`;

  async function kill(): Promise<void> {
    for (let left = await processesIn(data); left.length > 0; left = await processesIn(data)) {
      for (const pid of left) killOne(pid);
      await sleep(10);
    }
  }

  async function start(): Promise<void> {
    for (const deadline = Date.now() + START_MS; ; await sleep(50)) {
      if ((await processesIn(data)).length === 0) spawn(join(BIN, "postgres"), options, as).unref();
      if (await connects(connectionString)) return;
      if (Date.now() > deadline) throw new Error(`PostgreSQL did not start in ${folder}`);
    }
  }

  await start();
  return {
    connectionString,
    kill,
    start,
    async [Symbol.asyncDispose]() {
      await kill();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** All processes of a server work in its data directory. */
async function processesIn(folder: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const folders = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => "")));
  return pids.filter((_, index) => folders[index] === folder).map(Number);
}

function killOne(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It went with one that was killed before.
  }
}

async function connects(connectionString: string): Promise<boolean> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("select 1");
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}
