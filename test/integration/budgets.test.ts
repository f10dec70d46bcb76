import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Session } from "../../src/contract/session.ts";
import { UsageReport } from "../../src/contract/usage.ts";
import { testApp, type TestApp } from "../support/app.ts";

let app: TestApp;
beforeAll(async () => {
  const room = { RUN_MEMORY_MB: "1000000", BUDGET_DAY_USD: "5" };
  app = await testApp({ MAX_CONCURRENT_RUNS: "4", CLAUDE_ALLOWED_TOOLS: "Bash", ...room });
});
afterAll(() => app[Symbol.asyncDispose]());

const script = (...steps: object[]) => `MOCK${JSON.stringify(steps)}`;

async function localFolder(name: string): Promise<string> {
  const path = join(app.folder, name);
  await mkdir(path, { recursive: true });
  return path;
}

const patch = (sessionId: string, body: object) =>
  app.request(Session, `/api/sessions/${sessionId}`, { method: "PATCH", body });

test("a session's budget caps its runs, then stops the next one before it starts, until somebody raises it", async () => {
  const projectPath = await localFolder("session");
  const initialPrompt = script({ text: "first" });
  const { sessionId } = await app.start({ projectType: "local", projectPath, initialPrompt, sessionBudgetUsd: 0.06 });
  const first = await app.until(sessionId, ["completed", "failed"]);
  expect(first).toMatchObject({ status: "completed", options: { sessionBudgetUsd: 0.06 } });
  expect(first.costUsd, "what the next run is to find left is less than it needs").toBeGreaterThan(0.01);
  await patch(sessionId, { sessionBudgetUsd: first.costUsd + 0.01 });

  await app.say(sessionId, { content: script({ bash: "true" }, { text: "never said" }) });
  expect(await app.until(sessionId, ["failed", "completed"])).toMatchObject({ lastReason: "budget" });
  expect((await app.messages(sessionId)).at(-1)?.content).toMatch(/budget of the session is spent: .*sessionBudgetUsd/);

  await app.say(sessionId, { content: script({ text: "third" }) });
  await expect.poll(async () => (await app.until(sessionId, ["queued"])).waitingFor?.kind).toBe("budget");
  const [, , third] = await app.runs(sessionId);
  expect(third).toMatchObject({ status: "queued", attempts: [], waitingFor: { kind: "budget", until: null } });

  await patch(sessionId, { sessionBudgetUsd: 10 });
  expect(await app.until(sessionId, ["completed", "failed"])).toMatchObject({ status: "completed", waitingFor: null });
});

test("a run that would not fit into memory beside another waits for it, and says so", async () => {
  const held = join(await localFolder("memory-one"), "go");
  const initialPrompt = script({ bash: `until [ -e ${held} ]; do sleep 0.1; done` }, { text: "done" });
  const one = await app.start({ projectType: "local", projectPath: await localFolder("memory-one"), initialPrompt });
  await app.until(one.sessionId, ["running"]);
  const projectPath = await localFolder("memory-two");
  const two = await app.start({ projectType: "local", projectPath, initialPrompt: script({ text: "beside" }) });
  await expect.poll(async () => (await app.until(two.sessionId, ["created"])).waitingFor?.kind).toBe("memory");
  await writeFile(held, "");
  expect((await app.until(two.sessionId, ["completed", "failed"])).status).toBe("completed");
  expect((await app.until(one.sessionId, ["completed", "failed"])).status).toBe("completed");
});

test("a spent day stops all new runs until tomorrow, or until a server with a larger budget starts", async () => {
  await app.db.updateTable("runs").set({ costUsd: 5 }).where("reason", "=", "budget").execute();
  const projectPath = await localFolder("day");
  const { sessionId } = await app.start({ projectType: "local", projectPath, initialPrompt: script({ text: "late" }) });
  const waiting = await app.until(sessionId, ["waiting", "completed", "failed"]);
  const now = new Date();
  const tomorrow = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1);
  expect(waiting).toMatchObject({ status: "waiting", waitingFor: { kind: "budget", until: tomorrow.toISOString() } });
  expect(waiting.waitingFor?.text).toMatch(/budget of the day is spent: \$5\.\d\d of \$5\.00 \(BUDGET_DAY_USD\)/);

  app.environment["BUDGET_DAY_USD"] = "50";
  await app.restart();
  expect((await app.until(sessionId, ["completed", "failed"])).status).toBe("completed");
});

test("an almost full disk stops every run with a clear text, and none is begun", async () => {
  await using full = await testApp({ DISK_MIN_FREE_MB: "100000000" });
  const { sessionId } = await full.start({ projectType: "local", projectPath: full.folder, initialPrompt: "hello" });
  await expect.poll(async () => (await full.until(sessionId, ["created"])).waitingFor?.kind).toBe("disk");
  const { waitingFor } = await full.until(sessionId, ["created"]);
  expect(waitingFor?.text).toMatch(/^The disk of .*workspaces is almost full: .* Make room there$/);
  expect((await full.runs(sessionId))[0]?.attempts).toEqual([]);
});

test("usage counts the finished runs by day, model and session, and says what is spent of the budgets", async () => {
  const runs = await app.db.selectFrom("runs").select(["costUsd"]).execute();
  const cost = runs.reduce((sum, { costUsd }) => sum + (costUsd ?? 0), 0);
  const byDay = await app.request(UsageReport, "/api/usage");
  expect(byDay.totals).toMatchObject({ runs: runs.length, failed: 1, failures: { budget: 1 }, cancelled: 0 });
  expect(byDay.totals.costUsd).toBeCloseTo(cost, 6);
  expect(byDay.totals.tokens.outputTokens).toBeGreaterThan(0);
  expect(byDay.rows.reduce((sum, row) => sum + row.runs, 0)).toBe(runs.length);
  expect(byDay.budgets[0]).toMatchObject({ of: "day", limitUsd: 50 });
  expect(byDay.budgets[0]?.spentUsd).toBeCloseTo(cost, 6);

  const bySession = await app.request(UsageReport, "/api/usage?by=session");
  expect(bySession.rows[0]).toMatchObject({ runs: 3, succeeded: 2, failed: 1, title: expect.stringContaining("MOCK") });
  const byModel = await app.request(UsageReport, "/api/usage?by=model");
  expect(byModel.rows.map(({ key }) => key)).toEqual([expect.stringMatching(/^claude-/)]);

  const past = await app.request(UsageReport, "/api/usage?from=2020-01-01&to=2020-12-31");
  expect(past).toMatchObject({ totals: { runs: 0, costUsd: 0, failures: {} }, rows: [] });
  expect((await app.fetch("/api/usage?from=2021-01-01&to=2020-01-01")).status).toBe(400);
  expect((await app.fetch("/api/usage?from=yesterday")).status).toBe(400);
});

test("metrics show runs, money, room and answers by the pattern of their route", async () => {
  await app.fetch("/api/sessions/00000000-0000-4000-8000-000000000000");
  await app.fetch("/nowhere/secret-name");
  const asBrowser = { headers: { accept: "text/html,application/xhtml+xml,*/*;q=0.8" } };
  const response = await app.fetch("/metrics", asBrowser);
  expect(response.headers.get("content-type")).toContain("text/plain; version=0.0.4");
  const text = await response.text();
  const valueOf = (series: string) =>
    Number(
      text
        .split("\n")
        .find((line) => line.startsWith(`${series} `))
        ?.split(" ")
        .at(-1),
    );
  expect(valueOf('orchestrator_runs_finished_total{reason="budget"}')).toBe(1);
  expect(valueOf("orchestrator_slots")).toBe(4);
  expect(valueOf('orchestrator_runs{status="running"}')).toBe(0);
  expect(valueOf('orchestrator_claude_processes{state="orphaned"}')).toBe(0);
  expect(valueOf('orchestrator_cost_usd{period="day"}')).toBeGreaterThan(5);
  expect(valueOf('orchestrator_budget_usd{period="day"}')).toBe(50);
  expect(valueOf("orchestrator_hook_posts_total")).toBeGreaterThan(0);
  expect(valueOf("orchestrator_memory_available_bytes")).toBeGreaterThan(0);
  expect(valueOf("orchestrator_event_streams")).toBe(0);
  expect(valueOf('orchestrator_deliveries{kind="callback",status="failed"}')).toBe(0);
  const answers = "orchestrator_http_request_duration_seconds_count";
  expect(valueOf(`${answers}{method="GET",route="/api/sessions/:id",status="4xx"}`)).toBe(1);
  expect(valueOf(`${answers}{method="GET",route="none",status="4xx"}`)).toBe(1);
  expect(valueOf(`${answers}{method="POST",route="/api/hooks",status="2xx"}`)).toBeGreaterThan(0);
  expect(text).not.toMatch(/secret-name|00000000-0000/);
});

test("cancelling a run that waits for money does not hold back the message that comes after it", async () => {
  const projectPath = await localFolder("cancelled");
  const initialPrompt = script({ text: "first" });
  const { sessionId } = await app.start({ projectType: "local", projectPath, initialPrompt, sessionBudgetUsd: 0.001 });
  await app.until(sessionId, ["failed"]);
  await app.say(sessionId, { content: script({ text: "second" }) });
  await expect.poll(async () => (await app.until(sessionId, ["queued"])).waitingFor?.kind).toBe("budget");

  expect(await patch(sessionId, { status: "cancelled" })).toMatchObject({ status: "cancelled", lastReason: "stopped" });
  await patch(sessionId, { sessionBudgetUsd: 10 });
  await app.say(sessionId, { content: script({ text: "third" }) });
  expect(await app.until(sessionId, ["completed", "failed"])).toMatchObject({ status: "completed", runCount: 3 });
});
