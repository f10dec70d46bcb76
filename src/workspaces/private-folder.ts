import { chmod, lstat, mkdir, readdir, realpath, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { AppError } from "../lib/errors.ts";

const OTHERS_MAY_WRITE = 0o022;

/**
 * Makes a folder for this account alone and gives its real path; refuses one that another account could have planted.
 * `variable` is what a person sets to have another folder used.
 */
export async function ensurePrivateFolder(path: string, variable: "WORKSPACE_BASE" | "DATA_DIR"): Promise<string> {
  const refuse = (why: string) =>
    new AppError("unavailable", `${path} cannot be used: ${why}; set ${variable} to another folder`);
  await mkdir(path, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw refuse(error instanceof Error ? error.message : String(error));
  });
  const facts = await lstat(path);
  if (facts.isSymbolicLink()) throw refuse("it is a symbolic link");
  if (!facts.isDirectory()) throw refuse("it is not a folder");
  if (facts.uid !== process.getuid?.()) throw refuse("another account owns it");
  if ((facts.mode & OTHERS_MAY_WRITE) !== 0)
    throw refuse(`other accounts may write to it (chmod go-w ${path}, if that was a mistake)`);
  return realpath(path);
}

const REMOVED = ".removed-";

/**
 * Removes a folder of ours. It leaves its place at once, by a rename; what a kill leaves of the rest, the next sweep
 * takes. Links in it are removed, never followed.
 */
export async function removeFolder(path: string): Promise<void> {
  const parked = join(dirname(path), `${REMOVED}${basename(path)}-${process.pid}-${Date.now().toString(36)}`);
  try {
    await rename(path, parked);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return;
    throw error;
  }
  await removeAll(parked);
}

/** Removes what a process that was killed had begun to remove. */
export async function sweepRemoved(folder: string): Promise<void> {
  const names = await readdir(folder);
  await Promise.all(names.filter((name) => name.startsWith(REMOVED)).map((name) => removeAll(join(folder, name))));
}

const TRIES = 3;

/** Folders without write permission (a build tool's cache) keep their contents until they are opened. */
async function removeAll(path: string): Promise<void> {
  for (let left = TRIES - 1; ; left--) {
    try {
      return await rm(path, { recursive: true, force: true, maxRetries: 2 });
    } catch (error) {
      if (left === 0) throw error;
      await openFolders(path);
    }
  }
}

/** A removal that failed goes on in the background for a while, so folders may vanish under our eyes. */
async function openFolders(path: string): Promise<void> {
  await chmod(path, 0o700).catch(unlessGone);
  for (const entry of (await readdir(path, { withFileTypes: true }).catch(unlessGone)) ?? [])
    if (entry.isDirectory()) await openFolders(join(path, entry.name));
}

function unlessGone(error: unknown): undefined {
  if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
}
