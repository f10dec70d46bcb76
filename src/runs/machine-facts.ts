import { readFileSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { freemem } from "node:os";
import { dirname, join } from "node:path";

/** Room of a file system, seen from a folder of ours. */
export interface DiskFacts {
  folder: string;
  freeBytes: number;
}

/** What the machine has to give at this moment. */
export interface MachineFacts {
  availableBytes: number;
  disks: DiskFacts[];
}

/** Reads memory and the room below `folders`; a folder that is not there yet counts as the one it will be made in. */
export async function readMachineFacts(folders: readonly string[]): Promise<MachineFacts> {
  const disks = await Promise.all(folders.map(async (folder) => ({ folder, freeBytes: await freeBytes(folder) })));
  return { availableBytes: availableMemory(), disks };
}

/** Room that an ordinary account may still fill; the part kept for root does not count. */
async function freeBytes(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch (error) {
    const parent = dirname(folder);
    if (parent === folder) throw error;
    return freeBytes(parent);
  }
}

/**
 * Bytes that new processes may take: what the kernel calls available, or what is left below the limit of our cgroup
 * (v2 or v1) or one above it, whichever is less. Pages of files that can be dropped count as free in both. `root` is
 * where /proc and /sys are.
 */
export function availableMemory(root = "/"): number {
  const meminfo = read(join(root, "proc/meminfo"));
  const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo ?? "")?.[1];
  if (kib === undefined) return freemem();
  return Math.min(Number(kib) * 1024, ...cgroupRoom(root));
}

const V2 = { limit: "memory.max", usage: "memory.current", dropped: /^inactive_file (\d+)$/m };
const V1 = { limit: "memory.limit_in_bytes", usage: "memory.usage_in_bytes", dropped: /^total_inactive_file (\d+)$/m };

/** What is left below each limit from our cgroup upwards; in a container the path of the host may not be there. */
function cgroupRoom(root: string): number[] {
  const lines = (read(join(root, "proc/self/cgroup")) ?? "").split("\n");
  return lines.flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (path === undefined) return [];
    if (controllers === "") return foldersUp(path).flatMap((folder) => room(join(root, "sys/fs/cgroup", folder), V2));
    if (!controllers?.split(",").includes("memory")) return [];
    return foldersUp(path).flatMap((folder) => room(join(root, "sys/fs/cgroup/memory", folder), V1));
  });
}

function foldersUp(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [path, ...foldersUp(parent)];
}

function room(folder: string, names: typeof V2): number[] {
  const limit = Number(read(join(folder, names.limit)) ?? Number.NaN);
  const usage = Number(read(join(folder, names.usage)) ?? Number.NaN);
  // No limit is "max" in v2 and a number beyond any machine in v1.
  if (!Number.isFinite(limit) || !Number.isFinite(usage)) return [];
  const dropped = Number(names.dropped.exec(read(join(folder, "memory.stat")) ?? "")?.[1] ?? 0);
  return [Math.max(0, limit - usage + dropped)];
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
