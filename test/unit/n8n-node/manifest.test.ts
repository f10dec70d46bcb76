import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";

/* What n8n demands of a community package before it looks at its code; its linter says the rest (npm run lint there). */
const FOLDER = resolve(import.meta.dirname, "../../../n8n-workflows/nodes");
const read = (name: string): unknown => JSON.parse(readFileSync(join(FOLDER, name), "utf8"));

const Manifest = z.looseObject({
  name: z.string(),
  version: z.string(),
  license: z.string(),
  keywords: z.array(z.string()),
  files: z.array(z.string()),
  scripts: z.record(z.string(), z.string()),
  n8n: z.object({
    n8nNodesApiVersion: z.number(),
    strict: z.boolean(),
    credentials: z.array(z.string()),
    nodes: z.array(z.string()),
  }),
  peerDependencies: z.record(z.string(), z.string()),
});
const manifest = Manifest.parse(read("package.json"));
const Lock = z.object({ packages: z.record(z.string(), z.looseObject({ resolved: z.string().optional() })) });

test("the package may be installed from n8n's panel: name, keyword, strict rules, no dependencies, no scripts at install", () => {
  expect(manifest).toMatchObject({
    name: "n8n-nodes-claude-orchestrator",
    license: "MIT",
    files: ["dist"],
    n8n: { n8nNodesApiVersion: 1, strict: true },
    peerDependencies: { "n8n-workflow": "*" },
  });
  expect(manifest.keywords).toContain("n8n-community-node-package");
  expect(manifest).not.toHaveProperty("dependencies");
  expect(manifest).not.toHaveProperty("overrides");
  const lifecycle = Object.keys(manifest.scripts).filter((name) => /^(?:pre|post)|install|prepare/u.test(name));
  expect(lifecycle).toEqual(["prepublishOnly"]);
});

test("every node and credential of the manifest has its source, its type and its icons", () => {
  const built = [...manifest.n8n.nodes, ...manifest.n8n.credentials];
  const sources = built.map((file) => file.replace(/^dist\//u, "").replace(/\.js$/u, ".ts"));
  expect(sources.filter((file) => !existsSync(join(FOLDER, file)))).toEqual([]);
  const icons = sources.flatMap((file) => {
    const text = readFileSync(join(FOLDER, file), "utf8");
    return [...text.matchAll(/file:([^'"]+)/gu)].map(([, icon = ""]) => join(FOLDER, file, "..", icon));
  });
  expect(icons).toHaveLength(6);
  expect(icons.filter((icon) => !existsSync(icon))).toEqual([]);
});

test("the lock file belongs to the manifest and leaves it to the reader's own registry where each package lies", () => {
  const { packages } = Lock.parse(read("package-lock.json"));
  const { "": root, ...others } = packages;
  expect(root).toMatchObject({ name: manifest.name, version: manifest.version });
  expect(Object.keys(others).length).toBeGreaterThan(100);
  expect(Object.entries(others).filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
});
