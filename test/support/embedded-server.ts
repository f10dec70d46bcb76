import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, cp, lstat, mkdtemp, readdir, readFile, readlink, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import pg from "pg";

const PROGRAM = resolve(import.meta.dirname, "../fixtures/embedded-postgres.ts");
const NOBODY = 65_534;

export type As = "root" | "an ordinary account";

/** Who can be tried here: both when the tests run as root. */
export const ACCOUNTS: readonly As[] =
  process.getuid?.() === 0 ? ["root", "an ordinary account"] : ["an ordinary account"];

/** The uid an ordinary account has in these tests, 0 for "stay who you are". */
const uidOf = (as: As): number => (as === "an ordinary account" && process.getuid?.() === 0 ? NOBODY : 0);

/**
 * A data directory of that account. One of root's can be entered by others, so that the server finds its place in it and
 * the tests leave nothing elsewhere. The caller removes it.
 */
export async function makeDataDir(as: As): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "orchestrator-embedded-"));
  await chmod(path, as === "root" ? 0o711 : 0o700);
  if (uidOf(as) !== 0) await chown(path, uidOf(as), uidOf(as));
  return path;
}

/** The npm package with PostgreSQL as an installation without scripts leaves it: no links, nothing to be written to. */
export async function copyPackage(): Promise<string> {
  const installed = dirname(
    dirname(createRequire(import.meta.url).resolve(`@embedded-postgres/linux-${process.arch}`)),
  );
  const path = await mkdtemp(join(tmpdir(), "orchestrator-package-"));
  await cp(installed, path, { recursive: true, filter: async (source) => !(await lstat(source)).isSymbolicLink() });
  await chmod(path, 0o555);
  return path;
}

export interface RunningProgram {
  pid: number;
  /** What it said: where the server is, or why there is none. */
  said: { url?: string; version?: string; error?: string };
  /** Runs one statement on the ledger. */
  query(statement: string): Promise<pg.QueryResult>;
  /** Its exit code, null when a signal ended it. */
  exited: Promise<number | null>;
  kill(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts a process with an embedded server; resolves when it has said something. */
export async function startProgram(dataDir: string, packageFolder: string, as: As): Promise<RunningProgram> {
  // Variables that would lead the driver or the server astray, were they heard.
  const env = {
    PATH: "/usr/bin:/bin",
    PGPORT: "1",
    PGHOST: "nowhere",
    PGSSLMODE: "require",
    PGDATA: "/nowhere",
    PGUSER: "x",
  };
  const child = spawn(process.execPath, [PROGRAM, dataDir, packageFolder, String(uidOf(as))], {
    env,
    cwd: "/",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit").then(([code]: (number | null)[]) => code ?? null);
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  const said = JSON.parse(line) as RunningProgram["said"];
  return {
    pid: child.pid ?? 0,
    said,
    query: (statement) => query(said.url ?? "", statement),
    exited,
    async kill(signal) {
      child.kill(signal);
      return exited;
    },
  };
}

export async function query(url: string, statement: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    return await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Where the cluster of a data directory is. */
export async function clusterOf(dataDir: string): Promise<string> {
  const place = (await readFile(join(dataDir, "postgres.location"), "utf8")).trim();
  return join(resolve(dataDir, place), "data-18");
}

/** The processes of the server of a data directory: all that work in its cluster. */
export async function serverProcesses(dataDir: string): Promise<number[]> {
  const cluster = await clusterOf(dataDir);
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const folders = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => "")));
  return pids.filter((_, index) => folders[index] === cluster);
}

/** The processes that watch over the server for its Node process: those of its process group that are not the server. */
export async function guardsOf(dataDir: string): Promise<number[]> {
  const server = await serverProcesses(dataDir);
  const text = await readFile(join(await clusterOf(dataDir), "postmaster.pid"), "utf8");
  const group = await groupOf(Number.parseInt(text, 10));
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const groups = await Promise.all(pids.map((pid) => groupOf(pid).catch(() => undefined)));
  return pids.filter((pid, index) => groups[index] === group && !server.includes(pid));
}

/** The fifth field of stat; the second is the program's name in parentheses and may hold anything. */
async function groupOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).split(" ")[2];
}

/** Removes a data directory and a cluster that was made for it elsewhere. */
export async function removeDataDir(dataDir: string): Promise<void> {
  const cluster = await clusterOf(dataDir).catch(() => undefined);
  if (cluster !== undefined) await rm(dirname(cluster), { recursive: true, force: true });
  await rm(dataDir, { recursive: true, force: true });
}
