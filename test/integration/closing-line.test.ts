import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "closing-line-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
symlinkSync(resolve("node_modules"), join(folder, "node_modules"));

const support = resolve("test/support");
const configuration = `import { closingReporter } from ${JSON.stringify(join(support, "closing-reporter.ts"))};
  export default { test: { reporters: ["default", closingReporter()] } };`;
const needsPeer = `import { test } from "vitest";
  import { requirePeer } from ${JSON.stringify(join(support, "peers.ts"))};
  requirePeer("frobnicator", false, "apt-get install frobnicator");
  test("needs it", () => {});`;

function runTests(files: Record<string, string>, env: Record<string, string> = {}) {
  const cwd = mkdtempSync(join(folder, "run-"));
  writeFileSync(join(cwd, "vitest.config.ts"), configuration);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  const { REQUIRE_PEERS: _, VITEST: __, ...outer } = process.env;
  const { stdout, stderr, status } = spawnSync(process.execPath, [resolve("node_modules/vitest/vitest.mjs"), "run"], {
    cwd,
    encoding: "utf8",
    env: { ...outer, NO_COLOR: "1", ...env },
  });
  return { lastLine: stdout.trimEnd().split("\n").at(-1), text: stdout + stderr, status };
}

const passing = 'import { test } from "vitest"; test("a", () => {}); test("b", () => {});';

test("a run closes with what passed and failed, alone on the last line", () => {
  const { lastLine, status } = runTests({ "a.test.ts": passing });
  expect([lastLine, status]).toEqual(["2 passed, 0 failed", 0]);
});

test("a failing test, a file that does not load and a failing set-up each count as failed", () => {
  const { lastLine, status } = runTests({
    "a.test.ts": passing,
    "b.test.ts": 'import { test } from "vitest"; test("c", () => { throw new Error("no"); });',
    "c.test.ts": 'import "./nowhere.ts";',
    "d.test.ts":
      'import { beforeAll, test } from "vitest"; beforeAll(() => { throw new Error("no"); }); test("d", () => {});',
  });
  expect([lastLine, status]).toEqual(["2 passed, 3 failed, 1 skipped", 1]);
});

test("a missing peer says what to install and skips", () => {
  const { lastLine, text, status } = runTests({ "a.test.ts": needsPeer });
  expect([lastLine, status]).toEqual(["0 passed, 0 failed, 1 skipped", 0]);
  expect(text).toContain("frobnicator is missing: apt-get install frobnicator");
});

test("with REQUIRE_PEERS=1 a missing peer is a failure", () => {
  const { lastLine, status } = runTests({ "a.test.ts": needsPeer }, { REQUIRE_PEERS: "1" });
  expect([lastLine, status]).toEqual(["0 passed, 1 failed", 1]);
});
