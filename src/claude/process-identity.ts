import { readFileSync } from "node:fs";

/** Tells a process from a later one with the same pid, on this boot of this machine or container. */
export interface ProcessIdentity {
  pid: number;
  /** Clock ticks since boot, as the kernel counts; empty where there is no /proc. */
  startTime: string;
  bootId: string;
}

export interface ProcessStat {
  state: string;
  group: number;
  startTime: string;
}

/** What /proc tells about a process; undefined when it is gone (or this system has no /proc). */
export function readStat(pid: number): ProcessStat | undefined {
  const stat = readProc(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The command name stands in brackets and may hold anything, brackets too: count from the last one.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state = "X", , group = "0"] = fields;
  return { state, group: Number(group), startTime: fields[19] ?? "" };
}

/** A zombie runs no more; it only waits to be collected by its parent, which may never happen. */
export const isRunning = (stat: ProcessStat | undefined): boolean =>
  stat !== undefined && stat.state !== "Z" && stat.state !== "X";

/** The boot id is the host's and outlives a container; the start of process 1 tells containers apart. */
function readBootId(): string {
  return `${readProc("/proc/sys/kernel/random/boot_id")?.trim() ?? ""}/${readStat(1)?.startTime ?? ""}`;
}

/** Neither changes while we live, and both are asked at every look at a run. */
let known: { hasProc: boolean; bootId: string } | undefined;
const system = () => (known ??= { hasProc: readStat(process.pid) !== undefined, bootId: readBootId() });
export const hasProc = (): boolean => system().hasProc;

/** The identity of a running process, undefined when there is none with that pid. */
export function identify(pid: number): ProcessIdentity | undefined {
  if (!hasProc()) return isPidAlive(pid) ? { pid, startTime: "", bootId: "" } : undefined;
  const stat = readStat(pid);
  return stat && isRunning(stat) ? { pid, startTime: stat.startTime, bootId: system().bootId } : undefined;
}

/** True while that very process runs; a zombie, another boot, or another process with its pid are not it. */
export function identityAlive(identity: ProcessIdentity): boolean {
  if (!hasProc()) return isPidAlive(identity.pid);
  const stat = readStat(identity.pid);
  return isRunning(stat) && stat?.startTime === identity.startTime && identity.bootId === system().bootId;
}

function isPidAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A file of /proc; undefined when the process is gone or belongs to someone else. */
export function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
