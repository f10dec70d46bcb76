import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testApp, type TestApp } from "../support/app.ts";
import { leftProcesses, makeClaudeWithMcp, runInParallel, type ParallelRun } from "../support/parallel-runs.ts";

const RUNS = 20;
const FINISH_MS = 240_000;

let app: TestApp;
let tools: string;
let runs: ParallelRun[];
beforeAll(async () => {
  tools = await mkdtemp(join(tmpdir(), "orch-tools-"));
  const slots = String(RUNS);
  app = await testApp({
    CLAUDE_COMMAND: await makeClaudeWithMcp(tools),
    CLAUDE_ALLOWED_TOOLS: "Bash",
    MAX_CONCURRENT_RUNS: slots,
  });
  runs = await runInParallel(app, RUNS, FINISH_MS);
}, FINISH_MS + 60_000);
afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
  await rm(tools, { recursive: true, force: true });
});

test("twenty runs at once all succeed, each with its own answer", () => {
  expect(runs.map(({ status }) => status)).toEqual(runs.map(() => "succeeded"));
  expect(runs.map(({ answer }) => answer)).toEqual(runs.map(({ wanted }) => wanted));
});

test("no settings file of Claude's is broken by runs beside it", () => {
  expect(runs.filter(({ configIsWhole }) => !configIsWhole)).toEqual([]);
});

test("each run has a scratch folder, a Claude folder and a marker of its own, and sees nobody else's files", () => {
  for (const part of ["tmpDir", "configDir", "marker"] as const) {
    const values = runs.map(({ seen }) => seen[part]);
    expect(values.filter((value) => value === "")).toEqual([]);
    expect(new Set(values).size).toBe(RUNS);
  }
  expect(runs.map(({ seen }) => seen.tmpFiles)).toEqual(runs.map((_, index) => `of-${index}`));
});

test("nothing outlives its run: no MCP server that ignores SIGTERM, no child in a session of its own", async () => {
  const withServer = runs.filter(({ companion }) => companion === "mcp");
  expect(
    withServer.map(({ mcpServerStarted }) => mcpServerStarted),
    "the servers were there",
  ).toEqual(withServer.map(() => true));
  expect(await leftProcesses(app, runs)).toEqual([]);
});
