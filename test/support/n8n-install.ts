import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { requirePeer } from "./peers.ts";

/** Its package.json and lock file; nothing is installed in the checkout. */
export const N8N_MANIFESTS = resolve(import.meta.dirname, "../../n8n-workflows/test");

/** Where n8n is, or is to be, installed: 2.6 GB that belong to one lock file and outlive the checkout. */
export function n8nFolder(): string {
  const lock = createHash("sha256")
    .update(readFileSync(join(N8N_MANIFESTS, "package-lock.json")))
    .digest("hex");
  const caches = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  return join(caches, "claude-orchestrator", `n8n-${lock.slice(0, 12)}`);
}

export const n8nProgram = (folder = n8nFolder()): string => join(folder, "node_modules/n8n/bin/n8n");

/**
 * For the top of a test file. Without n8n its tests are skipped, with one line that says what to do; with REQUIRE_N8N=1
 * (or REQUIRE_PEERS=1) they fail.
 */
export function requireN8n(): boolean {
  if (existsSync(n8nProgram())) return true;
  const install = "npm run test:n8n:install (2.6 GB, two to six minutes)";
  if (process.env["REQUIRE_N8N"] === "1") throw new Error(`n8n is missing: ${install}`);
  return requirePeer("n8n", false, install);
}
