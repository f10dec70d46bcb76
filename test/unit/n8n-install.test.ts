import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { N8N_MANIFESTS, n8nFolder } from "../support/n8n-install.ts";

type Package = { version?: string; resolved?: string; integrity?: string; link?: boolean };
const lock = JSON.parse(readFileSync(join(N8N_MANIFESTS, "package-lock.json"), "utf8")) as {
  packages: Record<string, Package>;
};
const manifest = JSON.parse(readFileSync(join(N8N_MANIFESTS, "package.json"), "utf8")) as {
  dependencies: Record<string, string>;
};

test("the lock file of the tested n8n names no registry, and what each package must be", () => {
  const packages = Object.entries(lock.packages).filter(([path]) => path !== "");
  expect(packages.length).toBeGreaterThan(2_000);
  expect(packages.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  expect(packages.filter(([, { integrity }]) => !integrity?.startsWith("sha512-")).map(([path]) => path)).toEqual([]);
});

test("the n8n of the compose file is the tested one", () => {
  const { n8n: version = "" } = manifest.dependencies;
  expect(lock.packages["node_modules/n8n"]?.version).toBe(version);
  expect(readFileSync("docker-compose.yml", "utf8")).toContain(`n8nio/n8n:${version}\n`);
});

test("it is installed outside the checkout", () => {
  expect(n8nFolder().startsWith(process.cwd())).toBe(false);
  expect(n8nFolder()).toMatch(/claude-orchestrator\/n8n-[0-9a-f]{12}$/u);
});
