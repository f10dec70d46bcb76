// n8n's own linter, with the rules for verified nodes, and the build of our nodes for n8n. Their tools (711 MB) are
// installed into the package's own folder when they are not there.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";

const FOLDER = resolve(import.meta.dirname, "../n8n-workflows/nodes");
const INSTALL = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"];

const changedAt = (file: string): number => statSync(join(FOLDER, file)).mtimeMs;

/** npm writes this file last, so it is there once the folder is whole. */
const installed = "node_modules/.package-lock.json";
const isInstalled = existsSync(join(FOLDER, installed)) && changedAt(installed) >= changedAt("package-lock.json");

if (!isInstalled && !npm(INSTALL)) {
  console.log(
    "\nNOT RUN: n8n's linter and build; npm could not install their packages (see above)\n0 passed, 0 failed",
  );
} else {
  const results = [npm(["run", "lint"]), npm(["run", "build"])];
  const passed = results.filter(Boolean).length;
  console.log(`${passed} passed, ${results.length - passed} failed`);
  if (passed < results.length) process.exitCode = 1;
}

/** The npm that started us, so that it runs under the same Node. */
function npm(args: readonly string[]): boolean {
  const program = process.env["npm_execpath"];
  const [command, before] = program === undefined ? ["npm", []] : [process.execPath, [program]];
  // The build would draw its progress into the log, letter by letter.
  const { status, stdout } = spawnSync(command, [...before, ...args], {
    cwd: FOLDER,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) console.log(stdout);
  console.log(`${status === 0 ? "✓" : "✗"} npm ${args.slice(0, 2).join(" ")}`);
  return status === 0;
}
