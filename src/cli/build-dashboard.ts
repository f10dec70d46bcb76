import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { toError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";

const BUILD_TIMEOUT_MS = 180_000;
/** What the build is made of, beside the folder's own dependencies. */
const SOURCES = ["src", "public", "index.html", "hub.html", "vite.config.ts", "package.json", "../src/contract"];

/** A name for the state of the sources: their paths, sizes and times. */
async function fingerprint(root: string): Promise<string> {
  const hash = createHash("sha256");
  for (const source of SOURCES) {
    const path = join(root, source);
    const found = await stat(path).catch(() => undefined);
    const files = found?.isDirectory() ? await readdir(path, { recursive: true }) : [""];
    for (const file of files.toSorted()) {
      const { size, mtimeMs } = await stat(join(path, file));
      hash.update(`${source}/${file} ${size} ${mtimeMs}\n`);
    }
  }
  return hash.digest("hex");
}

/** Builds the dashboard when its build is missing or older than its sources. Without the tools to build, says so. */
export async function buildDashboard(distDir: string, log: Logger, signal?: AbortSignal): Promise<void> {
  const root = dirname(distDir);
  // A container image ships the build without its sources.
  if (!existsSync(join(root, "src"))) return;
  const stamp = join(distDir, ".built-from");
  const wanted = await fingerprint(root);
  if ((await readFile(stamp, "utf8").catch(() => "")) === wanted) return;
  const vite = findVite(root);
  if (!vite) {
    log.warn("the dashboard's build tools are not installed; serving the build that is there");
    return;
  }
  log.info("building the dashboard");
  const start = performance.now();
  // Made beside the old build and put in its place when it is whole: a page asked for meanwhile gets all of one of them.
  const made = `${distDir}.${process.pid}`;
  const args = [vite, "build", "--logLevel", "error", "--outDir", made, "--emptyOutDir"];
  // Whatever ours is: with another NODE_ENV, vite bundles React for development.
  const env = { NODE_ENV: "production" };
  try {
    await execa(process.execPath, args, {
      cwd: root,
      env,
      timeout: BUILD_TIMEOUT_MS,
      ...(signal && { cancelSignal: signal }),
    });
    await writeFile(join(made, ".built-from"), wanted);
    // Another process may have built the same meanwhile, and its pages are in use.
    if ((await readFile(stamp, "utf8").catch(() => "")) === wanted) return;
    await rm(distDir, { recursive: true, force: true });
    await rename(made, distDir);
  } finally {
    await rm(made, { recursive: true, force: true });
  }
  log.info({ seconds: Math.round((performance.now() - start) / 100) / 10 }, "the dashboard is built");
}

function findVite(root: string): string | undefined {
  try {
    return join(dirname(createRequire(join(root, "package.json")).resolve("vite/package.json")), "bin", "vite.js");
  } catch {
    return undefined;
  }
}

/** Beside the running server: what it answers, and a page that says so, are there already. Disposing ends it. */
export function startBuild(distDir: string, log: Logger): Disposable {
  const building = new AbortController();
  buildDashboard(distDir, log, building.signal).catch((error: unknown) => {
    if (!building.signal.aborted)
      log.error({ err: toError(error) }, "the dashboard could not be built; the API works without it");
  });
  return { [Symbol.dispose]: () => building.abort() };
}
