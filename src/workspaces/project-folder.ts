import { constants } from "node:fs";
import { access, realpath, stat } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { invalidField } from "../lib/errors.ts";
import { isInside } from "./guard-path.ts";

interface Rules {
  projectRoots: readonly string[];
  dataDir: string;
  loopback: boolean;
}

/** Not places to work in, whatever the rules say. */
const SYSTEM_FOLDERS = ["/proc", "/sys", "/dev"];

const realOrNothing = async (path: string): Promise<string[]> =>
  realpath(path).then(
    (real) => [real],
    () => [],
  );

/** Throws unless this real path lies where sessions may work. */
export async function checkMayWorkIn(path: string, rules: Rules, field: string): Promise<void> {
  if (path === "/" || SYSTEM_FOLDERS.some((folder) => isInside(folder, path)))
    throw invalidField(field, "must not be a folder of the system");
  const [dataDir] = await realOrNothing(rules.dataDir);
  if (dataDir !== undefined && isInside(dataDir, path)) throw invalidField(field, "must not lie in the data directory");
  if (rules.projectRoots.length === 0) {
    if (!rules.loopback) throw invalidField(field, "is not allowed: this server names no PROJECT_ROOTS");
    return;
  }
  const roots = (await Promise.all(rules.projectRoots.map(realOrNothing))).flat();
  if (!roots.some((root) => isInside(root, path))) throw invalidField(field, "must lie in one of the PROJECT_ROOTS");
}

/** The real path of a folder a caller named. Throws, naming the field, unless a session may work there. */
export async function checkProjectFolder(
  named: string | undefined,
  rules: Rules,
  field = "projectPath",
): Promise<string> {
  if (named === undefined) throw invalidField(field, "is required");
  if (!isAbsolute(named)) throw invalidField(field, "must be an absolute path");
  if (/[\u0000-\u001f\u007f]/.test(named)) throw invalidField(field, "must not hold control characters");
  const [real] = await realOrNothing(named);
  if (real === undefined) throw invalidField(field, "does not exist on the server");
  await checkMayWorkIn(real, rules, field);
  if (!(await stat(real)).isDirectory()) throw invalidField(field, "must be a folder");
  await access(real, constants.R_OK | constants.W_OK | constants.X_OK).catch(() => {
    throw invalidField(field, "cannot be written by the server's account");
  });
  return real;
}
