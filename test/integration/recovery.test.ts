import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Stopped } from "../../src/contract/run.ts";
import { testApp, type TestApp } from "../support/app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp({ MAX_CONCURRENT_RUNS: "4", CLAUDE_ALLOWED_TOOLS: "Bash", RUN_RETRY_PACE: "0.05" });
});
afterAll(() => app[Symbol.asyncDispose]());

const script = (...steps: object[]) => `MOCK${JSON.stringify(steps)}`;

async function localFolder(name: string): Promise<string> {
  const path = join(app.folder, name);
  await mkdir(path, { recursive: true });
  return path;
}

const textOf = (path: string) => readFile(path, "utf8").catch(() => "");

/** Kills what carries out the session's run, the whole tree at once, as the kernel would when memory runs out. */
async function killClaude(sessionId: string): Promise<void> {
  const [attempt] = await app.db
    .selectFrom("attempts")
    .innerJoin("runs", "runs.id", "attempts.runId")
    .select(["attempts.runId", "attempts.attempt"])
    .where("runs.sessionId", "=", sessionId)
    .where("attempts.finishedAt", "is", null)
    .execute();
  const marker = `ORCH_RUN=${attempt?.runId}.${attempt?.attempt}`;
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const environment = await textOf(`/proc/${pid}/environ`);
    if (environment.split("\0").includes(marker)) process.kill(Number(pid), "SIGKILL");
  }
}

test("a run whose Claude is killed goes on by itself, in the same conversation, without doing finished steps again", async () => {
  const projectPath = await localFolder("killed");
  const lines = join(projectPath, "lines");
  const prompt = script(
    { bash: `echo first >> ${lines}` },
    { bash: `echo second >> ${lines}; sleep 30` },
    { text: "never reached in this life" },
  );
  const { sessionId } = await app.start({ projectType: "local", projectPath, initialPrompt: prompt });
  await expect.poll(() => textOf(lines), { timeout: 20_000 }).toContain("second");
  await killClaude(sessionId);

  const done = await app.until(sessionId, ["completed", "failed"]);
  expect(done).toMatchObject({ status: "completed", lastReason: "success" });
  const [run] = await app.runs(sessionId);
  expect(run?.attempts.map(({ attempt, reason }) => [attempt, reason])).toEqual([
    [1, "interrupted"],
    [2, "success"],
  ]);
  expect((await textOf(lines)).trim().split("\n")).toEqual(["first", "second"]);
  const messages = await app.messages(sessionId);
  expect(messages.map(({ direction }) => direction)).toEqual(["inbound", "outbound"]);
  const asked = app.model.requests.filter((request) => request.sessionId === done.claudeSessionId);
  expect(asked.at(-1)?.text).toContain("You were interrupted");
});

test("a trouble of the API that passes is waited out, with the reason and the time in sight", async () => {
  const projectPath = await localFolder("overloaded");
  const initialPrompt = script({ error: { status: 529, times: 4 }, text: "at last" });
  const { sessionId } = await app.start({ projectType: "local", projectPath, initialPrompt });
  const waiting = await app.until(sessionId, ["waiting", "failed", "completed"]);
  expect(waiting).toMatchObject({
    status: "waiting",
    waitingFor: { kind: "retry", text: "Retry 1 of 4, API overloaded" },
  });
  const done = await app.until(sessionId, ["completed", "failed"]);
  expect(done.status).toBe("completed");
  expect((await app.messages(sessionId)).at(-1)?.content).toBe("at last");
  expect((await app.runs(sessionId))[0]?.attempts[0]?.reason).toBe("api_overloaded");
});

test("a usage limit parks the run and those that come after, until a person says not to go on", async () => {
  const until = Math.floor(Date.now() / 1000) + 3_600;
  const limited = await localFolder("limited");
  const initialPrompt = script({ error: { status: 429, message: `Claude usage limit reached|${until}` } });
  const { sessionId } = await app.start({ projectType: "local", projectPath: limited, initialPrompt });
  const parked = await app.until(sessionId, ["waiting", "failed", "completed"]);
  expect(parked).toMatchObject({ status: "waiting", waitingFor: { kind: "limit" } });
  expect(Date.parse(parked.waitingFor?.until ?? "")).toBeGreaterThanOrEqual(until * 1000);

  const other = await app.start({
    projectType: "local",
    projectPath: await localFolder("other"),
    initialPrompt: "hello",
  });
  const behind = await app.until(other.sessionId, ["waiting", "failed", "completed"]);
  expect(behind, "it need not meet the limit itself").toMatchObject({
    status: "waiting",
    runCount: 1,
    waitingFor: { kind: "limit" },
  });
  expect((await app.runs(other.sessionId))[0]?.attempts).toEqual([]);

  await app.request(Stopped, `/api/sessions/${sessionId}/stop`, { method: "POST", body: {} });
  expect((await app.until(sessionId, ["cancelled", "failed"])).status).toBe("cancelled");
  await app.request(Stopped, `/api/sessions/${other.sessionId}/stop`, { method: "POST", body: {} });
  await app.db.deleteFrom("accountLimits").execute();
});

const uncopied = (sessionId: string) =>
  app.db
    .selectFrom("attempts")
    .innerJoin("runs", "runs.id", "attempts.runId")
    .select("attempts.attempt")
    .where("runs.sessionId", "=", sessionId)
    .where("attempts.keptAt", "is", null)
    .execute();

test("a conversation whose record is gone goes on from the kept copy, and says so when that is gone too", async () => {
  const projectPath = await localFolder("forgotten");
  const { sessionId } = await app.start({ projectType: "local", projectPath, initialPrompt: script({ text: "one" }) });
  const { claudeSessionId } = await app.until(sessionId, ["completed", "failed"]);
  const records = join(app.folder, "data", "claude", sessionId, "projects");
  await expect
    .poll(() => app.db.selectFrom("conversationCopies").select("bytes").where("sessionId", "=", sessionId).execute())
    .toHaveLength(1);

  await rm(records, { recursive: true });
  await app.say(sessionId, { content: script({ text: "two" }) });
  const again = await app.until(sessionId, ["completed", "failed"]);
  expect(again).toMatchObject({ status: "completed", claudeSessionId });
  expect(app.model.requests.at(-1)?.messages, "with all its history").toBeGreaterThan(2);

  // A run's copies are made after its end: the one of the second run must not come back below.
  await expect.poll(() => uncopied(sessionId), { timeout: 15_000 }).toEqual([]);
  await rm(records, { recursive: true });
  await app.db.deleteFrom("conversationCopies").where("sessionId", "=", sessionId).execute();
  await app.say(sessionId, { content: "three" });
  expect(await app.until(sessionId, ["failed", "completed"])).toMatchObject({
    status: "failed",
    lastReason: "unknown_claude_session",
  });
  expect((await app.messages(sessionId)).at(-1)?.content).toMatch(/record of this conversation is gone/);
});
