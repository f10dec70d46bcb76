import { constants } from "node:fs";
import { access, lstat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Config } from "../../config.ts";
import { readMachineFacts } from "../../runs/machine-facts.ts";
import { fail, ok, warn, type Check } from "./check.ts";

const GIB = 1024 ** 3;
/** Below this many times what a run needs to start it is time to look. */
const SOON = 5;
const OTHERS_MAY_WRITE = 0o022;

const gigabytes = (bytes: number): string => `${(bytes / GIB).toFixed(1)} GB`;

/** Room on the disks and in memory, measured as admission does before each run. */
export async function checkRoom({ roomIn, room, maxConcurrent }: Config["runs"]): Promise<Check[]> {
  const { disks, availableBytes } = await readMachineFacts(roomIn);
  return [
    ...disks.map((disk) => checkDisk(disk, room.diskBytes)),
    checkMemory(availableBytes, room.memoryBytes, maxConcurrent),
  ];
}

function checkDisk({ folder, freeBytes }: { folder: string; freeBytes: number }, neededBytes: number): Check {
  const text = `${gigabytes(freeBytes)} free for ${folder}`;
  const advice = "Make room: archive sessions, shorten RETENTION_*_DAYS, run `claude-orchestrator retention --dry-run`";
  if (freeBytes < neededBytes)
    return fail("disk", `${text}; no run starts below ${gigabytes(neededBytes)} (DISK_MIN_FREE_MB)`, advice);
  return freeBytes < neededBytes * SOON ? warn("disk", text, advice) : ok("disk", text);
}

function checkMemory(availableBytes: number, neededBytes: number, slots: number): Check {
  const text = `${gigabytes(availableBytes)} available; a run starts beside others when ${gigabytes(neededBytes)} are (RUN_MEMORY_MB), at most ${slots} at once`;
  if (availableBytes >= neededBytes) return ok("memory", text);
  return warn(
    "memory",
    text,
    "End other programs, or lower RUN_MEMORY_MB if your runs take less: until then one run at a time",
  );
}

/** A folder of ours: writable by this account and by nobody else. One that is not there must be possible to make. */
export async function checkFolder(name: string, path: string): Promise<Check> {
  const facts = await lstat(path).catch(() => undefined);
  if (!facts) return checkParent(name, path);
  const other = `Give it to this account alone (chown, chmod 700 ${path}), or set ${name} to another folder`;
  if (facts.isSymbolicLink()) return fail(name, `${path} is a symbolic link`, `Set ${name} to where it leads`);
  if (!facts.isDirectory()) return fail(name, `${path} is not a folder`, other);
  if (facts.uid !== process.getuid?.())
    return fail(name, `${path} belongs to another account (uid ${facts.uid})`, other);
  if ((facts.mode & OTHERS_MAY_WRITE) !== 0) return fail(name, `other accounts may write to ${path}`, other);
  return (await isWritable(path)) ? ok(name, path) : fail(name, `${path} is not writable`, other);
}

async function checkParent(name: string, path: string): Promise<Check> {
  let parent = dirname(path);
  while (!(await lstat(parent).catch(() => undefined))) parent = dirname(parent);
  if (await isWritable(parent)) return ok(name, `${path} will be made`);
  return fail(name, `${path} is not there, and ${parent} is not writable`, `Make it for this account, or set ${name}`);
}

const isWritable = (path: string): Promise<boolean> =>
  access(path, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
