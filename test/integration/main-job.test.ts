import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Stopped } from "../../src/contract/run.ts";
import { testApp, type TestApp } from "../support/app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp({ MAX_CONCURRENT_RUNS: "4", CLAUDE_ALLOWED_TOOLS: "Bash", RUN_MAX_ATTEMPTS: "1" });
});
afterAll(() => app[Symbol.asyncDispose]());

async function localFolder(name: string): Promise<string> {
  const path = join(app.folder, name);
  await mkdir(path, { recursive: true });
  return path;
}

const script = (...steps: object[]) => `MOCK${JSON.stringify(steps)}`;

test("a prompt goes in, Claude works, an answer comes out, and everything is recorded", async () => {
  const projectPath = await localFolder("first");
  const created = await app.start({
    projectType: "local",
    projectPath,
    initialPrompt: script(
      { text: "I write it.", write: { path: join(projectPath, "a.txt"), content: "hello\n" } },
      { text: "Done: a.txt says hello." },
    ),
  });
  expect(created.status).toBe("created");

  const done = await app.until(created.sessionId, ["completed", "failed"]);
  expect(done).toMatchObject({ status: "completed", lastReason: "success", runCount: 1 });
  expect(await readFile(join(projectPath, "a.txt"), "utf8")).toBe("hello\n");

  const messages = await app.messages(created.sessionId);
  expect(messages.map(({ direction, content }) => [direction, content])).toEqual([
    ["inbound", expect.stringContaining("MOCK")],
    ["outbound", "Done: a.txt says hello."],
  ]);
  const [log] = await app.logs(created.sessionId);
  expect(log).toMatchObject({ tool: "Write", status: "succeeded", success: true, input: { content: "hello\n" } });
  expect(log?.durationMs, "the hook measured it").toBeGreaterThanOrEqual(0);

  const [run] = await app.runs(created.sessionId);
  expect(run).toMatchObject({ status: "succeeded", reason: "success", number: 1, turns: 2, claudeVersion: "2.1.329" });
  expect(run?.costUsd).toBeGreaterThan(0);

  const before = done.claudeSessionId;
  await app.say(created.sessionId, { content: script({ text: "Second answer." }) });
  const again = await app.until(created.sessionId, ["completed", "failed"]);
  expect(again.claudeSessionId).toBe(before);
  expect((await app.messages(created.sessionId)).at(-1)?.content).toBe("Second answer.");
  expect(again.costUsd).toBeCloseTo(
    (await app.runs(created.sessionId)).reduce((sum, { costUsd }) => sum + (costUsd ?? 0), 0),
    6,
  );
});

test("two messages at once run one after the other, in order", async () => {
  const projectPath = await localFolder("two");
  const { sessionId } = await app.start({ projectType: "local", projectPath });
  expect((await app.until(sessionId, ["created"])).runCount).toBe(0);
  const posted = await Promise.all([
    app.say(sessionId, { content: script({ bash: "echo one >> order; sleep 0.3" }, { text: "one" }) }),
    app.say(sessionId, { content: script({ bash: "echo two >> order" }, { text: "two" }) }),
  ]);
  expect(posted.map(({ status }) => status)).toEqual(["queued", "queued"]);
  await app.until(sessionId, ["completed", "failed"]);
  const runs = await app.runs(sessionId);
  expect(runs.map(({ number, status }) => [number, status])).toEqual([
    [1, "succeeded"],
    [2, "succeeded"],
  ]);
  expect(Date.parse(runs[1]?.startedAt ?? "")).toBeGreaterThanOrEqual(Date.parse(runs[0]?.finishedAt ?? ""));
  const answers = (await app.messages(sessionId)).filter(({ direction }) => direction === "outbound");
  expect(answers).toHaveLength(2);
});

test("ten sessions run in parallel, each with its own answer, never more than the slots at once", async () => {
  const sessions = await Promise.all(
    Array.from({ length: 10 }, async (_, index) => {
      const projectPath = await localFolder(`many-${index}`);
      const initialPrompt = script({ bash: `echo ${index} > mine` }, { text: `answer ${index}` });
      return app.start({ projectType: "local", projectPath, initialPrompt });
    }),
  );
  let most = 0;
  const watching = new AbortController();
  const watch = (async () => {
    while (!watching.signal.aborted) {
      const rows = await app.db.selectFrom("runs").select("id").where("status", "=", "running").execute();
      most = Math.max(most, rows.length);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  await Promise.all(sessions.map(({ sessionId }) => app.until(sessionId, ["completed", "failed"])));
  watching.abort();
  await watch;
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(4);
  for (const [index, { sessionId }] of sessions.entries())
    expect((await app.messages(sessionId)).at(-1)?.content).toBe(`answer ${index}`);
});

test("stopping in the middle of a long Bash call ends it and leaves no process", async () => {
  const projectPath = await localFolder("stop");
  const prompt = script({ bash: "echo begun > begun; setsid sleep 4711 & sleep 4712; true" }, { text: "never said" });
  const { sessionId } = await app.start({ projectType: "local", projectPath, initialPrompt: prompt });
  await expect
    .poll(() => readFile(join(projectPath, "begun"), "utf8").catch(() => ""), { timeout: 20_000 })
    .toContain("begun");
  const waiting = await app.say(sessionId, { content: "and then this" });
  const { stopped } = await app.request(Stopped, `/api/sessions/${sessionId}/stop`, {
    method: "POST",
    body: { by: "Mara" },
  });
  expect(stopped).toHaveLength(2);
  expect(stopped).toContain(waiting.runId);

  const session = await app.until(sessionId, ["cancelled", "failed", "completed"]);
  expect(session).toMatchObject({ status: "cancelled", lastReason: "stopped" });
  expect((await app.messages(sessionId)).at(-1)?.content).toContain("Mara");
  expect(await sleepers()).toEqual([]);
  expect((await app.runs(sessionId)).map(({ status, reason }) => [status, reason])).toEqual([
    ["cancelled", "stopped"],
    ["cancelled", "stopped"],
  ]);
});

/** Command lines of processes that the stopped run had started. */
async function sleepers(): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  return lines.filter((line) => /^sleep\u0000471[12]/.test(line));
}

test("a message can be handed to the run that is on, and is answered once", async () => {
  const projectPath = await localFolder("steer");
  const prompt = script({ bash: "echo begun > begun; sleep 1.5; true" }, { text: "first answer" });
  const { sessionId } = await app.start({ projectType: "local", projectPath, initialPrompt: prompt });
  await expect
    .poll(() => readFile(join(projectPath, "begun"), "utf8").catch(() => ""), { timeout: 20_000 })
    .toContain("begun");
  const posted = await app.say(sessionId, { content: script({ text: "steered answer" }), steer: true });
  expect(posted.status).toBe("running");
  await app.until(sessionId, ["completed", "failed"]);
  expect(await app.runs(sessionId)).toHaveLength(1);
  const outbound = (await app.messages(sessionId)).filter(({ direction }) => direction === "outbound");
  expect(outbound.map(({ content }) => content)).toEqual(["first answer"]);
  const steered = await app.db
    .selectFrom("sessionMessages")
    .select("steer")
    .where("id", "=", posted.messageId)
    .executeTakeFirst();
  expect(steered?.steer, "Claude said that it took the message in").toBe("sent");
});

test.each([
  ["max_turns", { maxTurns: 1 }, [{ bash: "true" }, { bash: "true" }, { text: "x" }], /turn/i],
  ["budget", { maxBudgetUsd: 0.0000001 }, [{ bash: "true" }, { bash: "true" }, { text: "x" }], /budget/i],
  ["api_overloaded", {}, [{ error: { status: 529 } }], /529|overload/i],
  ["api_error", {}, [{ error: { status: 400, message: "odd request" } }], /400|odd request/],
] as const)("a run that ends by %s says so in the conversation", async (reason, options, steps, text) => {
  const projectPath = await localFolder(`fails-${reason}`);
  const { sessionId } = await app.start({
    projectType: "local",
    projectPath,
    initialPrompt: script(...steps),
    ...options,
  });
  const session = await app.until(sessionId, ["completed", "failed"]);
  expect(session).toMatchObject({ status: "failed", lastReason: reason });
  const answer = (await app.messages(sessionId)).at(-1);
  expect(answer).toMatchObject({ direction: "outbound", metadata: { reason } });
  expect(answer?.content).toMatch(text);
  expect(answer?.content).not.toMatch(/\n\s+at /);
});
