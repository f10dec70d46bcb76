import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testApp } from "../support/app.ts";
import { leftProcesses, makeClaudeWithMcp, runInParallel } from "../support/parallel-runs.ts";

const RUNS = process.env["KILL_FULL"] === "1" ? 200 : 8;
/** As many at once as two cores can start in a time that proves something. */
const SLOTS = 16;
const MS_PER_RUN = 10_000;

test(
  `${RUNS} runs in a row of slots leave no process, no broken settings and no run behind`,
  { timeout: RUNS * MS_PER_RUN + 120_000 },
  async () => {
    await using parts = new AsyncDisposableStack();
    const tools = await mkdtemp(join(tmpdir(), "orch-tools-"));
    parts.defer(() => rm(tools, { recursive: true, force: true }));
    const CLAUDE_COMMAND = await makeClaudeWithMcp(tools);
    const app = parts.use(
      await testApp({ CLAUDE_COMMAND, CLAUDE_ALLOWED_TOOLS: "Bash", MAX_CONCURRENT_RUNS: String(SLOTS) }),
    );
    const runs = await runInParallel(app, RUNS, RUNS * MS_PER_RUN);
    expect(runs.filter(({ status, answer, wanted }) => status !== "succeeded" || answer !== wanted)).toEqual([]);
    expect(runs.filter(({ configIsWhole }) => !configIsWhole)).toEqual([]);
    expect(runs.filter(({ companion, mcpServerStarted }) => companion === "mcp" && !mcpServerStarted)).toEqual([]);
    expect(new Set(runs.map(({ seen }) => seen.tmpDir)).size).toBe(RUNS);
    expect(await leftProcesses(app, runs)).toEqual([]);
  },
);
