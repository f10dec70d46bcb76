import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { execa } from "execa";
import type { Logger } from "../lib/logger.ts";

const BUILD_TIMEOUT_MS = 180_000;
/** What the build is made of, beside the folder's own dependencies. */
const SOURCES = ["src", "public", "index.html", "vite.config.ts", "package.json", "../src/contract"];

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
  const args = [vite, "build", "--logLevel", "error"];
  await execa(process.execPath, args, { cwd: root, timeout: BUILD_TIMEOUT_MS, ...(signal && { cancelSignal: signal }) });
  await writeFile(stamp, wanted);
  log.info({ seconds: Math.round((performance.now() - start) / 100) / 10 }, "the dashboard is built");
}

function findVite(root: string): string | undefined {
  try {
    return join(dirname(createRequire(join(root, "package.json")).resolve("vite/package.json")), "bin", "vite.js");
  } catch {
    return undefined;
  }
}
