import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Beside the folders, out of the way of what works in them. */
const placeOf = (path: string): string => join(dirname(path), ".copies", basename(path));

/** Marks a folder that was just made or restored as the one that is worked in from now on; the id goes into the ledger. */
export async function markCopy(path: string): Promise<string> {
  const id = randomUUID();
  const place = placeOf(path);
  await mkdir(dirname(place), { recursive: true, mode: 0o700 });
  await writeFile(`${place}.new`, id, { mode: 0o600 });
  await rename(`${place}.new`, place);
  return id;
}

/** The folder is gone. */
export const forgetCopy = (path: string): Promise<void> => rm(placeOf(path), { force: true });

/**
 * Whether this folder is the one that was worked in last. Not when the session was on another machine since: what lies
 * here then is as old as its first stay. On a disk that machines share they share the mark, too.
 */
export async function isNewestCopy({ path, copyId }: { path: string; copyId: string | null }): Promise<boolean> {
  if (copyId === null) return true; // Made before copies were told apart.
  return copyId === (await readFile(placeOf(path), "utf8").catch(() => undefined));
}
