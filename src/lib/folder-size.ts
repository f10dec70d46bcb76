import type { Stats } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

export interface FolderSize {
  /** Blocks on the disk; a file with several names counts once. */
  bytes: number;
  /** False when there was more than `maxEntries`: then `bytes` is what was counted until there. */
  isComplete: boolean;
}

/** How much room a folder and all below it take. What cannot be read, or goes meanwhile, counts nothing. */
export async function folderSize(folder: string, maxEntries = 1_000_000): Promise<FolderSize> {
  const seen = new Set<string>();
  const waiting = [folder];
  let bytes = 0;
  let entries = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const facts = await lstat(next).catch(() => undefined);
    if (!facts) continue;
    entries += 1;
    if (entries > maxEntries) return { bytes, isComplete: false };
    if (isFirst(facts, seen)) bytes += facts.blocks * 512;
    if (!facts.isDirectory()) continue;
    for (const name of await readdir(next).catch(() => [])) waiting.push(join(next, name));
  }
  return { bytes, isComplete: true };
}

/** Clones share the objects of their cache by hard links. */
function isFirst(facts: Stats, seen: Set<string>): boolean {
  if (facts.nlink === 1 || facts.isDirectory()) return true;
  const inode = `${facts.dev}/${facts.ino}`;
  if (seen.has(inode)) return false;
  seen.add(inode);
  return true;
}
