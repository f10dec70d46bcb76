// Everything a machine can say about the sources, one step after the other; all are run even when one fails.
import { spawnSync } from "node:child_process";

type Step = { name: string; command: string[]; verify?: (output: string) => string | undefined };

/** Fewer modules than this means that the tool could not read the sources, and then it would find no violation. */
const fewestModules = 50;

const steps: Step[] = [
  { name: "format", command: ["node_modules/oxfmt/bin/oxfmt", "--list-different"] },
  { name: "lint", command: ["node_modules/oxlint/bin/oxlint", "--deny-warnings"] },
  { name: "types", command: ["node_modules/@typescript/native/bin/tsc", "--project", "tsconfig.json"] },
  { name: "types of the dashboard", command: ["node_modules/@typescript/native/bin/tsc", "--project", "dashboard"] },
  { name: "types of the browser tests", command: ["node_modules/@typescript/native/bin/tsc", "--project", "test/e2e"] },
  {
    name: "boundaries",
    command: ["node_modules/dependency-cruiser/bin/dependency-cruiser.mjs", "src", "dashboard/src", "test", "bin"],
    verify: sawEnoughModules,
  },
  { name: "unused files, exports and packages", command: ["node_modules/knip/bin/knip.js"] },
  { name: "table types match the migrations", command: ["scripts/db-types.ts", "--verify"] },
  { name: "picture in ARCHITECTURE.md", command: ["scripts/architecture-picture.ts"] },
  { name: "API document", command: ["scripts/lint-openapi.ts"] },
  { name: "lock file is complete", command: ["scripts/check-lock-file.ts"] },
];

const failed = steps.filter((step) => !passes(step));
if (failed.length > 0) {
  console.log(`\nFailed: ${failed.map((step) => step.name).join("; ")}`);
  process.exitCode = 1;
} else {
  console.log(`\nAll ${steps.length} checks passed`);
}

function passes({ name, command, verify }: Step): boolean {
  const started = performance.now();
  const { status, stdout } = spawnSync(process.execPath, command, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 64 * 1024 * 1024,
    // GitHub annotations and colours would make the output differ from place to place.
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0" },
  });
  const complaint = status === 0 ? verify?.(stdout) : stdout || `exit code ${status}`;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${complaint === undefined ? "✓" : "✗"} ${name} (${seconds} s)`);
  if (complaint !== undefined) console.log(complaint.trimEnd());
  return complaint === undefined;
}

function sawEnoughModules(output: string): string | undefined {
  const modules = Number(/(\d+) modules/.exec(output)?.[1] ?? 0);
  return modules > fewestModules ? undefined : `Only ${modules} modules were read: the tool does not see the sources`;
}
