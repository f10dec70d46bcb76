import { readFile, writeFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { AppError } from "../../lib/errors.ts";

export interface ProcessLock {
  [Symbol.dispose](): void;
}

/** What is said about the process that holds the lock, after its name. */
const IN_USE = "uses this data directory: another process needs a DATA_DIR of its own";

/**
 * Takes a lock that the kernel frees when this process ends in any way, so it is never stale and no pid is ever taken
 * for another's. Node offers no file lock of its own: an empty SQLite file is used for the lock SQLite takes on it.
 * The pid beside it only serves the message.
 */
export async function takeProcessLock(path: string, inUse: string = IN_USE): Promise<ProcessLock> {
  const file = new DatabaseSync(path, { timeout: 0 });
  try {
    file.exec("begin exclusive");
  } catch (error) {
    file.close();
    if (!isBusy(error)) throw error;
    throw new AppError("unavailable", `${await findHolder(path)} ${inUse}`, { cause: error });
  }
  await writeFile(`${path}.pid`, String(process.pid));
  return { [Symbol.dispose]: () => file.close() };
}

const SQLITE_BUSY = 5;

const isBusy = (error: unknown): boolean =>
  error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY;

async function findHolder(path: string): Promise<string> {
  const pid = await readFile(`${path}.pid`, "utf8").catch(() => "");
  return pid === "" ? "Another process" : `Process ${pid}`;
}
