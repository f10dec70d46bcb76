import { access, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findMarkedProcesses, signal } from "../../src/claude/marked-processes.ts";
import { testApp, type TestApp } from "../support/app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp({ CLAUDE_ALLOWED_TOOLS: "Bash", RUN_RETRY_PACE: "0.05" });
});
afterAll(() => app[Symbol.asyncDispose]());

const script = (...steps: object[]) => `MOCK${JSON.stringify(steps)}`;

const ended = (sessionId: string) => app.until(sessionId, ["completed", "failed"]);

async function beginTalk(name: string): Promise<string> {
  const projectPath = join(app.folder, name);
  await mkdir(projectPath);
  const { sessionId } = await app.start({
    projectType: "local",
    projectPath,
    title: `About ${name}`,
    initialPrompt: "Where is the owl? See @/etc/hostname",
  });
  expect((await ended(sessionId)).status).toBe("completed");
  return sessionId;
}

/** As after a cleaning of the folder and of the ledger: the messages are all that is left. */
async function forget(sessionId: string): Promise<void> {
  await expect
    .poll(async () => app.db.selectFrom("attempts").select("keptAt").where("keptAt", "is", null).execute())
    .toEqual([]);
  await rm(join(app.folder, "data", "claude", sessionId, "projects"), { recursive: true });
  await app.db.deleteFrom("conversationCopies").where("sessionId", "=", sessionId).execute();
}

const lastRun = async (sessionId: string) => {
  const run = (await app.runs(sessionId)).at(-1);
  if (!run) throw new Error("there is no run");
  return run;
};

test("a conversation that nobody has a record of goes on in a new one that is told what was said", async () => {
  const sessionId = await beginTalk("owls");
  await forget(sessionId);
  await app.say(sessionId, { content: "Is it still there?" });
  expect(await ended(sessionId)).toMatchObject({ status: "failed", lastReason: "unknown_claude_session" });
  expect((await app.messages(sessionId)).at(-1)?.content, "it says what to do").toContain('restart: "summary"');

  await app.say(sessionId, { content: script({ text: "It sleeps." }), restart: "summary" });
  expect(await ended(sessionId)).toMatchObject({ status: "completed" });
  const anew = await lastRun(sessionId);
  expect((await app.messages(sessionId)).at(-1)?.content).toBe("It sleeps.");
  const { claudeSessionId } = await app.until(sessionId, ["completed"]);
  expect(claudeSessionId, "a conversation of its own").toBe(anew.runId);
  const [{ text: told, messages: length } = expect.fail(), ...more] = app.model.requests.filter(
    (request) => request.sessionId === anew.runId,
  );
  expect(more).toEqual([]);
  expect(told).toContain("Title: About owls");
  expect(told).toContain("The person: Where is the owl? See @\u200B/etc/hostname");
  expect(told).toContain("You: You said:");
  expect(told).toContain("Is it still there?");
  expect(told, "why it failed is no part of the talk").not.toContain("record of this conversation is gone");

  await app.say(sessionId, { content: script({ text: "It woke up." }) });
  expect(await ended(sessionId)).toMatchObject({ status: "completed", claudeSessionId: anew.runId });
  expect(app.model.requests.at(-1)?.messages, "with the history of the new conversation").toBeGreaterThan(length);
  const costs = (await app.runs(sessionId)).map(({ costUsd }) => costUsd ?? 0);
  expect(costs.map((cost) => cost > 0)).toEqual([true, false, true, true]);
});

test("a run that begins anew and is killed goes on in the conversation it began", async () => {
  const sessionId = await beginTalk("mice");
  await forget(sessionId);
  const content = script({ bash: "[ -e begun ] || { touch begun; sleep 30; }" }, { text: "done" });
  const { runId } = await app.say(sessionId, { content, restart: "summary" });
  if (!runId) throw new Error("no run was made");
  const begun = join(app.folder, "mice", "begun");
  await expect
    .poll(
      () =>
        access(begun).then(
          () => true,
          () => false,
        ),
      { timeout: 20_000 },
    )
    .toBe(true);
  for (const { pid } of await findMarkedProcesses(runId)) signal(pid, "SIGKILL");
  expect(await ended(sessionId)).toMatchObject({ status: "completed", claudeSessionId: runId });
  expect((await lastRun(sessionId)).attempts.map(({ reason }) => reason)).toEqual(["interrupted", "success"]);
});

test("a conversation may begin anew while its record is there, and a message for a run that is on may not ask for it", async () => {
  const sessionId = await beginTalk("foxes");
  const { runId } = await app.say(sessionId, { content: script({ text: "new" }), restart: "summary" });
  expect(await ended(sessionId)).toMatchObject({ status: "completed", claudeSessionId: runId });
  const first = app.model.requests.find((request) => request.sessionId === sessionId);
  expect(app.model.requests.at(-1)?.messages, "nothing of the old conversation but the summary").toBeLessThanOrEqual(
    first?.messages ?? 0,
  );

  const body = JSON.stringify({ content: "x", restart: "summary", steer: true });
  const refused = await app.fetch(`/api/sessions/${sessionId}/messages`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({ errors: [{ field: "body.restart" }] });
});

test("copies that a process was killed before making are made by the next look of the session's worker", async () => {
  const sessionId = await beginTalk("bats");
  await forget(sessionId);
  // What a kill leaves that comes between the end of a run and its copies; the record is there.
  const again = await beginTalk("cats");
  await expect
    .poll(() => app.db.selectFrom("conversationCopies").select("bytes").where("sessionId", "=", again).execute())
    .toHaveLength(1);
  await app.db.deleteFrom("conversationCopies").where("sessionId", "=", again).execute();
  await app.db
    .updateTable("attempts")
    .set({ keptAt: null })
    .where("runId", "=", (await lastRun(again)).runId)
    .execute();
  await expect
    .poll(
      () =>
        app.db
          .selectFrom("conversationCopies")
          .select("sessionId")
          .where("sessionId", "in", [sessionId, again])
          .execute(),
      { timeout: 15_000 },
    )
    .toEqual([{ sessionId: again }]);
});
