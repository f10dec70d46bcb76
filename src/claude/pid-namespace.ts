import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";

const PROBE_TIMEOUT_MS = 5_000;
const FLAGS = ["--pid", "--fork", "--kill-child", "--mount-proc"];
let probed: Promise<readonly string[]> | undefined;

/**
 * The words to put before a command so that nothing it starts can outlive it: a process namespace of its own, whose
 * first process takes all others along. Empty where the system does not allow one. Asked of the system once.
 */
export function namespacePrefix(): Promise<readonly string[]> {
  probed ??= probe();
  return probed;
}

async function probe(): Promise<readonly string[]> {
  const unshare = ["/usr/bin/unshare", "/bin/unshare"].find((path) => existsSync(path));
  if (unshare === undefined) return [];
  // Root may do it directly; an ordinary account needs a user namespace around it, which some systems forbid.
  for (const prefix of [
    [unshare, ...FLAGS],
    [unshare, "-U", "--map-current-user", ...FLAGS],
  ]) {
    if (await works(prefix)) return prefix;
  }
  return [];
}

async function works([command = "", ...args]: readonly string[]): Promise<boolean> {
  try {
    await promisify(execFile)(command, [...args, "/bin/sh", "-c", 'test -d "/proc/$$"'], { timeout: PROBE_TIMEOUT_MS });
    return true;
  } catch {
    return false;
  }
}
