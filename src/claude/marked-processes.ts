import { readdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { isRunning, readProc, readStat } from "./process-identity.ts";

/** The environment variable that every process of a run inherits; its value is the run's marker. */
export const MARKER_VARIABLE = "ORCH_RUN";

export interface MarkedProcess {
  pid: number;
  startTime: string;
  group: number;
  marker: string;
}

const SWEEP_PAUSE_MS = 20;
const MAX_SWEEPS = 200;

/**
 * All running processes whose marker begins with `prefix`, for gauges and for what a crash left behind. Empty where
 * there is no /proc. A child that was started with an emptied environment (`env -i`) is not found.
 */
export async function findMarkedProcesses(prefix: string): Promise<MarkedProcess[]> {
  const found = await eachProcess((pid) => {
    const marker = readMarker(pid);
    return marker?.startsWith(prefix) ? marker : undefined;
  });
  return found.map(({ kept, ...rest }) => ({ ...rest, marker: kept }));
}

/** Kills every process of a run until two looks in a row find none. Returns how many it killed. */
export function sweepMarker(marker: string): Promise<number> {
  return killUntilNone((pid) => readMarker(pid) === marker, undefined);
}

/** Kills what a run that ended by itself left behind; its wrapper, which may need a moment more, is left alone. */
export async function sweepLeftovers(marker: string, wrapper: number | undefined): Promise<void> {
  const left = await findMarkedProcesses(marker);
  if (left.some((one) => one.marker === marker && one.pid !== wrapper)) {
    await killUntilNone((pid) => readMarker(pid) === marker, wrapper);
  }
}

/** Kills what is left of a process group and of a run's marker, but for the group's leader. */
export function sweepGroup(group: number, marker: string): Promise<number> {
  return killUntilNone((pid, of) => of === group || readMarker(pid) === marker, group);
}

async function killUntilNone(
  matches: (pid: number, group: number) => boolean,
  spare: number | undefined,
): Promise<number> {
  const killed = new Set<string>();
  for (let pass = 0, empty = 0; pass < MAX_SWEEPS && empty < 2; pass++) {
    if (pass > 0) await sleep(SWEEP_PAUSE_MS);
    const found = await eachProcess((pid, group) =>
      pid !== spare && pid !== process.pid && matches(pid, group) ? true : undefined,
    );
    empty = found.length === 0 ? empty + 1 : 0;
    for (const { pid, startTime } of found) {
      killIfSame(pid, startTime);
      killed.add(`${pid}/${startTime}`);
    }
  }
  return killed.size;
}

/** Kills the process only while it still is the one that was seen: its number may have gone to another. */
function killIfSame(pid: number, startTime: string): void {
  if (readStat(pid)?.startTime === startTime) signal(pid, "SIGKILL");
}

/** Sends a signal; a process (or group, when negative) that is gone already is what we wanted. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone, or not ours any more: there is nothing left to signal.
  }
}

async function eachProcess<T>(
  keep: (pid: number, group: number) => T | undefined,
): Promise<{ pid: number; startTime: string; group: number; kept: T }[]> {
  const names = await readdir("/proc").catch(() => []);
  return names.flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid)) return [];
    const stat = readStat(pid);
    if (stat === undefined || !isRunning(stat)) return [];
    const kept = keep(pid, stat.group);
    return kept === undefined ? [] : [{ pid, startTime: stat.startTime, group: stat.group, kept }];
  });
}

/** The run a process belongs to; undefined for none, and for processes of other accounts. */
export function readMarker(pid: number): string | undefined {
  const start = `${MARKER_VARIABLE}=`;
  return readProc(`/proc/${pid}/environ`)
    ?.split("\0")
    .find((entry) => entry.startsWith(start))
    ?.slice(start.length);
}
