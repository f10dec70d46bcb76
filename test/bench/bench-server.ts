import { chmod, readdir, readFile, readlink } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { removeDataDir, serverProcesses } from "../support/embedded-server.ts";
import { openServerPlace, type ServerPlace } from "../support/server-process.ts";
import { percentile } from "./percentile.ts";

/** A place for servers to be measured, which takes a database that root's account put elsewhere away with it. */
export async function openBenchPlace(): Promise<ServerPlace & { dataDir: string }> {
  await using parts = new AsyncDisposableStack();
  const place = parts.use(await openServerPlace());
  await chmod(place.folder, 0o711);
  const dataDir = join(place.folder, "data");
  parts.defer(() => removeDataDir(dataDir));
  const kept = parts.move();
  return { ...place, dataDir, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** The middle and the 95th of 100, in whole milliseconds. */
export const middleAnd95 = (values: readonly number[]): string =>
  `${percentile(values, 0.5).toFixed(0)} / ${percentile(values, 0.95).toFixed(0)}`;

/** How busy the machine was in the last minute: what a figure must be read with. */
export const loadNow = (): string => `load ${loadavg()[0]?.toFixed(1)}`;

export interface Footprint {
  /** Resident memory of Node. */
  nodeMib: number;
  /** Of all processes of PostgreSQL together, what they share counted once. */
  postgresMib: number;
  connections: number;
  nodeFiles: number;
}

/** What a server with an embedded database occupies; Linux only. */
export async function footprint(pid: number, dataDir: string): Promise<Footprint> {
  const postgres = await serverProcesses(dataDir);
  const parts = await Promise.all(postgres.map((one) => kib(`/proc/${one}/smaps_rollup`, "Pss").catch(() => 0)));
  const files = await openFiles(pid);
  return {
    nodeMib: (await kib(`/proc/${pid}/status`, "VmRSS")) / 1024,
    postgresMib: parts.reduce((sum, one) => sum + one, 0) / 1024,
    connections: files.filter((target) => target.startsWith("socket:")).length,
    nodeFiles: files.length,
  };
}

async function kib(path: string, name: string): Promise<number> {
  const text = await readFile(path, "utf8");
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? Number.NaN);
}

async function openFiles(pid: number): Promise<string[]> {
  const names = await readdir(`/proc/${pid}/fd`);
  return Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => "")));
}
