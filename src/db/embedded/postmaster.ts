import { readdir, readFile, readlink, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "../../lib/errors.ts";

const STOP_TIMEOUT_MS = 20_000;
const POLL_MS = 5;

/** What a running server says about itself in postmaster.pid (its lines 1 and 8). */
interface Postmaster {
  pid: number;
  status: string;
}

async function readPostmaster(dataDir: string): Promise<Postmaster | undefined> {
  const text = await readFile(join(dataDir, "postmaster.pid"), "utf8").catch(() => "");
  const lines = text.split("\n");
  const pid = Number.parseInt(lines[0] ?? "", 10);
  return pid > 0 ? { pid, status: lines[7]?.trim() ?? "" } : undefined;
}

/** The server that runs on this cluster and accepts connections; a lock file that a dead one left says ready as well. */
export async function findReadyServer(dataDir: string): Promise<number | undefined> {
  const found = await readPostmaster(dataDir);
  return found?.status === "ready" && (await isServerOf(found.pid, dataDir)) ? found.pid : undefined;
}

/**
 * Ends the server that outlived the process that started it (both it and the guard were killed, or the guard is still
 * at it), and clears away a lock file that would keep PostgreSQL from starting although its server is gone. To be called
 * by the holder of the process lock only: whatever runs there now is nobody's.
 */
export async function endOrphan(dataDir: string): Promise<"none" | "ended"> {
  const found = await readPostmaster(dataDir);
  if (!found) return "none";
  if (await isServerOf(found.pid, dataDir)) {
    await stopServer(found.pid, dataDir);
    return "ended";
  }
  if (isThere(found.pid)) await removeStaleLock(dataDir);
  return "none";
}

/** Does nothing when the server is gone. Fast shutdown, and after STOP_TIMEOUT_MS the immediate one, which leaves recovery to the next start. */
export async function stopServer(pid: number, dataDir: string): Promise<void> {
  for (const signal of ["SIGINT", "SIGQUIT", "SIGKILL"] as const) {
    if (await isServerOf(pid, dataDir)) send(pid, signal);
    if (await waitUntil(async () => !(await isServerOf(pid, dataDir)), STOP_TIMEOUT_MS)) return;
  }
  throw new AppError("unavailable", `The PostgreSQL server with pid ${pid} does not stop`);
}

/**
 * The pid in the lock file is a zombie that nobody reaps, or belongs to another program by now; PostgreSQL asks only
 * whether the pid exists. Its shared memory may still be in use while a backend of it lives, so those must be gone first.
 */
async function removeStaleLock(dataDir: string): Promise<void> {
  if (process.platform !== "linux") return;
  if (!(await waitUntil(async () => !(await hasProcessIn(dataDir)), STOP_TIMEOUT_MS)))
    throw new AppError("unavailable", `Processes of an earlier PostgreSQL still work in ${dataDir}: end them first`);
  await rm(join(dataDir, "postmaster.pid"), { force: true });
}

/** All processes of a server have its data directory as working directory. */
async function hasProcessIn(dataDir: string): Promise<boolean> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const folders = await Promise.all(pids.map(workingDirectory));
  return folders.includes(dataDir);
}

async function isServerOf(pid: number, dataDir: string): Promise<boolean> {
  if (process.platform !== "linux") return isThere(pid);
  return (await workingDirectory(pid)) === dataDir;
}

/** Undefined for a process that is gone, a zombie, or another account's (which ours cannot be). */
const workingDirectory = (pid: number | string): Promise<string | undefined> =>
  readlink(`/proc/${pid}/cwd`).catch(() => undefined);

const isThere = (pid: number): boolean => send(pid, 0);

function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** Asks every POLL_MS; false when `timeoutMs` passed before the answer was yes. */
export async function waitUntil(isDone: () => boolean | Promise<boolean>, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (!(await isDone())) {
    if (performance.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}
