import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chown, open, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../lib/errors.ts";
import { runAs, SERVER_ENVIRONMENT } from "./cluster.ts";
import { SOCKET_NAME, type Home } from "./home.ts";
import { findReadyServer, stopServer, waitUntil } from "./postmaster.ts";

/** Crash recovery of a long log may take this long. */
const READY_TIMEOUT_MS = 120_000;
const LOG_LIMIT_BYTES = 10 * 1024 * 1024;

/**
 * Starts the server and waits for it; descriptor 3 is a pipe from Node. When that closes, because Node is done or
 * because it died in whatever way, the server gets the signal for a fast shutdown. Ends when the server ends.
 */
const GUARD = `
umask 077
exec 3<&0 </dev/null
"$@" 3<&- &
server=$!
{ read -r _ <&3; kill -INT $server 2>/dev/null; } &
exec 3<&-
wait $server
`;

const SETTINGS: Record<string, string> = {
  listen_addresses: "",
  unix_socket_permissions: "0700",
  timezone: "UTC",
  log_timezone: "UTC",
  // The log never holds what people said: no statements, no values of keys.
  log_min_error_statement: "panic",
  log_error_verbosity: "terse",
  log_checkpoints: "off",
  // Three worker processes less; the ledger lives in memory.
  io_method: "sync",
};

export interface ServerProcess {
  pid: number;
  /** Resolves when the server, or the guard that watches it, has ended. */
  ended: Promise<void>;
  stop(): Promise<void>;
}

export interface ServerPlan {
  home: Home;
  bin: string;
  socketFolder: string;
  /** Added to our own, for the server of the tests. */
  settings: Record<string, string>;
}

/** Starts the server on a cluster that nobody serves; resolves when it accepts connections. */
export async function startServerProcess(plan: ServerPlan): Promise<ServerProcess> {
  const { home } = plan;
  // Left by a killed server, it would count as held while its pid exists, as a zombie or as somebody else.
  await rm(join(plan.socketFolder, `${SOCKET_NAME}.lock`), { force: true });
  const guard = await spawnGuard(plan);
  let hasEnded = false;
  const ended = once(guard, "exit").then(
    () => void (hasEnded = true),
    () => void (hasEnded = true),
  );
  let pid: number | undefined;
  const isSettled = async () => hasEnded || (pid = await findReadyServer(home.dataDir)) !== undefined;
  await waitUntil(isSettled, READY_TIMEOUT_MS);
  const server = pid;
  if (server === undefined) {
    guard.stdin?.destroy();
    throw new AppError("unavailable", `PostgreSQL did not start: ${await lastFatal(home)} (${logPath(home)})`);
  }
  return {
    pid: server,
    ended,
    async stop() {
      // Whoever waits for the end must live to see it.
      guard.ref();
      await stopServer(server, home.dataDir);
      guard.stdin?.destroy();
      await ended;
    },
  };
}

async function spawnGuard({ home, bin, socketFolder, settings }: ServerPlan): Promise<ChildProcess> {
  await using log = await openLog(home);
  const merged = Object.entries({ ...SETTINGS, unix_socket_directories: `"${socketFolder}"`, ...settings });
  const options = merged.flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const command = [join(bin, "postgres"), "-D", home.dataDir, ...options];
  const guard = spawn("/bin/sh", ["-c", GUARD, "postgres-guard", ...command], {
    ...runAs(home.account),
    cwd: home.folder,
    env: SERVER_ENVIRONMENT,
    stdio: ["pipe", log.fd, log.fd],
    // A Ctrl-C in the terminal is for us alone: the server is needed until we are done.
    detached: true,
  });
  await once(guard, "spawn");
  // Neither keeps Node alive: should the start of the application fail, the guard sees it end.
  guard.unref();
  if (guard.stdin && "unref" in guard.stdin && typeof guard.stdin.unref === "function") guard.stdin.unref();
  return guard;
}

const logPath = (home: Home): string => join(home.folder, "postgres.log");

async function lastFatal(home: Home): Promise<string> {
  const text = await readFile(logPath(home), "utf8").catch(() => "");
  return text.split("\n").findLast((line) => line.includes("FATAL:")) ?? "it said nothing";
}

async function openLog(home: Home) {
  const path = logPath(home);
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size > LOG_LIMIT_BYTES) await rename(path, `${path}.1`);
  const file = await open(path, "a", 0o600);
  if (home.account.isOther) await chown(path, home.account.uid, home.account.gid);
  return file;
}
