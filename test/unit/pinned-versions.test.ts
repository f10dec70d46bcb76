import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { PINNED_VERSION } from "../../src/claude/claude-version.ts";

type Manifest = Record<"dependencies" | "devDependencies" | "optionalDependencies", Record<string, string> | undefined>;

const manifests = ["package.json", "dashboard/package.json"].map(
  (file) => JSON.parse(readFileSync(file, "utf8")) as Manifest,
);
const pins = manifests.flatMap((manifest) =>
  [manifest.dependencies, manifest.devDependencies, manifest.optionalDependencies].flatMap((part) =>
    Object.entries(part ?? {}),
  ),
);

test("every package is pinned to one version", () => {
  expect(pins.filter(([, version]) => !/^(?:npm:.+@)?\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))).toEqual([]);
});

test("the Claude Code that npm installs is the one the server calls tested, on every system", () => {
  const versions = pins.flatMap(([name, version]) => (name.startsWith("@anthropic-ai/claude-code") ? version : []));
  expect(versions).toEqual(Array.from({ length: 6 }, () => PINNED_VERSION));
});

test("no package that only some Nodes may install is optional: npm would leave it out without a word", () => {
  type Lock = { packages: Record<string, { engines?: { node?: string } }> };
  const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8")) as Lock;
  const names = Object.keys(manifests[0]?.optionalDependencies ?? {});
  const demanding = names.filter((name) => /(?:2\d|\d{3})/.test(packages[`node_modules/${name}`]?.engines?.node ?? ""));
  expect(names.length).toBeGreaterThan(10);
  expect(demanding).toEqual([]);
});
