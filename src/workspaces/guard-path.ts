import { lstat, realpath } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { AppError } from "../lib/errors.ts";

/** Whether `path` is `root` or below it, by their names alone: both must be real paths for this to mean anything. */
export function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === "" || (way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : undefined);
const isMissing = (error: unknown): boolean => codeOf(error) === "ENOENT";

/** A link that leads nowhere today may lead anywhere tomorrow. */
async function isDanglingLink(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isSymbolicLink();
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** The real path of the deepest part that exists, with the names after it that do not exist yet. */
async function realAsFarAsItExists(path: string): Promise<string> {
  const missing: string[] = [];
  for (let current = path; ; current = dirname(current)) {
    try {
      return join(await realpath(current), ...missing);
    } catch (error) {
      if (!isMissing(error) || (await isDanglingLink(current))) throw error;
      missing.unshift(basename(current));
    }
  }
}

/**
 * The real path of `path` (taken from `root` when relative), which may not exist yet. Refuses one that leaves `root`,
 * be it by `..`, by an absolute name or through a link.
 */
export async function guardPath(root: string, path: string): Promise<string> {
  const refusal = new AppError("invalid", `The path leaves its folder: ${JSON.stringify(path.slice(0, 200))}`);
  if (path.includes("\0")) throw refusal;
  const realRoot = await realpath(root);
  const named = resolve(realRoot, path);
  if (!isInside(realRoot, named) && !isInside(root, named)) throw refusal;
  const real = await realAsFarAsItExists(named).catch((error: unknown) => {
    if (["ENOENT", "ELOOP", "ENOTDIR", "ENAMETOOLONG"].includes(String(codeOf(error)))) throw refusal;
    throw error;
  });
  if (!isInside(realRoot, real)) throw refusal;
  return real;
}
