// npm leaves an optional package that a registry does not have out of the lock without a word, and then `npm ci` fails
// on the next machine. And a lock with download addresses works only where those addresses can be reached.
import { readFileSync } from "node:fs";

type Entry = { resolved?: string; link?: boolean; optionalDependencies?: Record<string, string> };

const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as { packages: Record<string, Entry> };
const complaints = Object.entries(lock.packages).flatMap(([path, entry]) => [
  ...Object.keys(entry.optionalDependencies ?? {})
    .filter((name) => !isLocked(path, name))
    .map((name) => `${path || "package.json"}: its optional dependency ${name} is not in the lock file`),
  ...(entry.resolved?.startsWith("http") ? [`${path}: holds a download address; see .npmrc`] : []),
]);

for (const complaint of complaints) console.log(complaint);
if (complaints.length > 0) process.exitCode = 1;

/** As Node looks a package up: beside the package that asks, then in each folder above. */
function isLocked(path: string, name: string): boolean {
  if (lock.packages[`${path === "" ? "" : `${path}/`}node_modules/${name}`] !== undefined) return true;
  if (path === "") return false;
  const above = path.includes("node_modules/") ? path.slice(0, Math.max(0, path.lastIndexOf("node_modules/") - 1)) : "";
  return isLocked(above, name);
}
