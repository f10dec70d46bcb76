import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  apiOf,
  openServerPlace,
  processesOf,
  script,
  type ServerPlace,
  type ServerProcess,
} from "../support/server-process.ts";

let place: ServerPlace;
beforeAll(async () => {
  place = await openServerPlace();
});
afterAll(() => place[Symbol.asyncDispose]());

/** A run that is in the middle of a Bash call of some seconds. */
async function startLongRun(server: ServerProcess, name: string, seconds: number) {
  const api = apiOf(server);
  const projectPath = join(place.folder, name);
  await mkdir(projectPath);
  const command = `echo begun > begun; sleep ${seconds}; echo ended > ended`;
  const { sessionId } = await api.start({
    projectType: "local",
    projectPath,
    initialPrompt: script({ bash: command }, { text: `${name}: done.` }),
  });
  const has = (file: string) =>
    readFile(join(projectPath, file), "utf8").then(
      () => true,
      () => false,
    );
  await expect.poll(() => has("begun"), { timeout: 30_000 }).toBe(true);
  const [run] = await api.runs(sessionId);
  return { sessionId, runId: run?.runId ?? "", claudeSessionId: (await api.session(sessionId)).claudeSessionId, has };
}

/** What must be true of a run that survived its server. */
async function expectOneAnswer(
  server: ServerProcess,
  { sessionId, runId, claudeSessionId }: { sessionId: string; runId: string; claudeSessionId: string | null },
  answer: string,
) {
  const api = apiOf(server);
  const session = await api.until(sessionId, ["completed", "failed", "cancelled"]);
  expect(session).toMatchObject({ status: "completed", lastReason: "success", runCount: 1 });
  expect(session.claudeSessionId).toBe(claudeSessionId);
  const outbound = (await api.messages(sessionId)).filter(({ direction }) => direction === "outbound");
  expect(outbound.map(({ content }) => content)).toEqual([answer]);
  const [run] = await api.runs(sessionId);
  expect(run?.attempts, "it was never started a second time").toHaveLength(1);
  expect(await api.logs(sessionId)).toMatchObject([{ tool: "Bash", status: "succeeded" }]);
  await expect.poll(() => processesOf(runId), { timeout: 5_000 }).toEqual([]);
}

test("SIGTERM in the middle of a run: the server ends in seconds, Claude goes on, the next start records its answer", async () => {
  const first = await place.start();
  const run = await startLongRun(first, "drained", 8);
  first.signal("SIGTERM");
  const { code, seconds } = await first.exited();
  expect([code, seconds < 6]).toEqual([0, true]);
  expect(await processesOf(run.runId), "Claude is still at work").not.toEqual([]);
  expect(await run.has("ended")).toBe(false);

  await using second = await place.start();
  await expectOneAnswer(second, run, "drained: done.");
});

test("SIGTERM, and Claude has ended before the next start: its answer was waiting in its files", async () => {
  const first = await place.start();
  const run = await startLongRun(first, "waited", 1);
  first.signal("SIGTERM");
  expect((await first.exited()).code).toBe(0);
  await expect.poll(() => processesOf(run.runId), { timeout: 15_000 }).toEqual([]);

  await using second = await place.start();
  await expectOneAnswer(second, run, "waited: done.");
});

test("kill -9 of the server in the middle of a run: the next start follows Claude to its end", async () => {
  const first = await place.start();
  const run = await startLongRun(first, "killed", 6);
  first.signal("SIGKILL");
  expect((await first.exited()).signal).toBe("SIGKILL");
  expect(await processesOf(run.runId)).not.toEqual([]);

  await using second = await place.start();
  expect((await apiOf(second).session(run.sessionId)).status).toBe("running");
  await expectOneAnswer(second, run, "killed: done.");
  await apiOf(second).say(run.sessionId, { content: script({ text: "Still the same conversation." }) });
  const again = await apiOf(second).until(run.sessionId, ["completed", "failed"]);
  expect(again).toMatchObject({ status: "completed", claudeSessionId: run.claudeSessionId });
});

/** A server and the Claude it had started are gone in the same moment, as when the power fails. */
async function killBoth(server: ServerProcess, { runId }: { runId: string }): Promise<void> {
  server.signal("SIGKILL");
  await server.exited();
  for (const pid of await processesOf(runId)) kill(pid);
  await expect.poll(() => processesOf(runId)).toEqual([]);
}

test("kill -9 of the server and of Claude: the run goes on in the same conversation, told that it was interrupted", async () => {
  const first = await place.start();
  const run = await startLongRun(first, "both", 30);
  await killBoth(first, run);

  await using second = await place.start();
  const api = apiOf(second);
  const session = await api.until(run.sessionId, ["completed", "failed", "cancelled"]);
  expect(session).toMatchObject({ status: "completed", claudeSessionId: run.claudeSessionId, runCount: 1 });
  const [recovered] = await api.runs(run.sessionId);
  expect(recovered?.attempts).toMatchObject([{ reason: "interrupted" }, { reason: "success" }]);
  const messages = await api.messages(run.sessionId);
  expect(
    messages.map(({ direction }) => direction),
    "the interruption is no message",
  ).toEqual(["inbound", "outbound"]);
  expect(await run.has("ended")).toBe(false);
  expect(
    (await api.logs(run.sessionId)).map(({ status }) => status),
    "no call stays open",
  ).toEqual(["failed"]);
});

test("a run that may not be tried again failed as interrupted, says so in the conversation, and can be continued", async () => {
  const first = await place.start({ RUN_MAX_ATTEMPTS: "1" });
  const run = await startLongRun(first, "final", 30);
  await killBoth(first, run);

  await using second = await place.start({ RUN_MAX_ATTEMPTS: "1" });
  const api = apiOf(second);
  expect(await api.until(run.sessionId, ["completed", "failed", "cancelled"])).toMatchObject({
    status: "failed",
    lastReason: "interrupted",
  });
  const outbound = (await api.messages(run.sessionId)).filter(({ direction }) => direction === "outbound");
  expect(outbound).toMatchObject([{ metadata: { reason: "interrupted" } }]);
  expect(outbound[0]?.content).toMatch(/killed|interrupted/);
  expect(outbound[0]?.content).not.toMatch(/\n\s+at /);
  expect(
    (await api.logs(run.sessionId)).map(({ status }) => status),
    "no call stays open",
  ).toEqual(["failed"]);

  await api.say(run.sessionId, { content: script({ text: "Here again." }) });
  expect(await api.until(run.sessionId, ["completed", "failed"])).toMatchObject({
    status: "completed",
    claudeSessionId: run.claudeSessionId,
  });
});

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It went with one that was killed before.
  }
}

test("messages that waited when the server ended are answered after the next start, in order", async () => {
  const first = await place.start();
  const run = await startLongRun(first, "queued", 2);
  for (const word of ["two", "three"]) await apiOf(first).say(run.sessionId, { content: script({ text: word }) });
  first.signal("SIGTERM");
  await first.exited();

  await using second = await place.start();
  const api = apiOf(second);
  await expect.poll(async () => (await api.session(run.sessionId)).status, { timeout: 60_000 }).toBe("completed");
  const outbound = (await api.messages(run.sessionId)).filter(({ direction }) => direction === "outbound");
  expect(outbound.map(({ content }) => content)).toEqual(["queued: done.", "two", "three"]);
});

test("--stop-runs: SIGTERM ends the runs that are on, says so, and begins none of those that wait", async () => {
  const first = await place.start({}, ["serve", "--stop-runs"]);
  const run = await startLongRun(first, "stopped", 60);
  const next = await apiOf(first).start({
    projectType: "local",
    projectPath: join(place.folder, "stopped"),
    initialPrompt: script({ text: "After the other." }),
  });
  await expect
    .poll(async () => (await apiOf(first).session(next.sessionId)).waitingFor?.kind, { timeout: 10_000 })
    .toBe("workspace");
  const [waiting] = await apiOf(first).runs(next.sessionId);
  first.signal("SIGTERM");
  const { code, seconds } = await first.exited();
  expect([code, seconds < 15]).toEqual([0, true]);
  for (const runId of [run.runId, waiting?.runId ?? ""]) expect(await processesOf(runId)).toEqual([]);

  await using second = await place.start();
  expect(await apiOf(second).session(run.sessionId)).toMatchObject({ status: "cancelled", lastReason: "stopped" });
  expect(await run.has("ended")).toBe(false);
  await apiOf(second).until(next.sessionId, ["completed", "failed"]);
  expect((await apiOf(second).messages(next.sessionId)).at(-1)?.content).toBe("After the other.");
});

test("the second signal ends the server at once, and the next start settles what was on", async () => {
  const first = await place.start({}, ["serve", "--stop-runs"]);
  const run = await startLongRun(first, "twice", 4);
  first.signal("SIGTERM");
  await sleep(50);
  first.signal("SIGINT");
  const { code, seconds } = await first.exited();
  expect(code).toBe(130);
  expect(seconds).toBeLessThan(1);

  await using second = await place.start();
  const session = await apiOf(second).until(run.sessionId, ["completed", "failed", "cancelled"]);
  expect(["completed", "cancelled"]).toContain(session.status);
  await expect.poll(() => processesOf(run.runId)).toEqual([]);
});

test("of two servers on one data directory the second says so and ends with 1, and the first goes on", async () => {
  await using first = await place.start();
  const second = place.launch();
  const { code } = await second.exited();
  expect(code).toBe(1);
  expect(second.log()).toContain(`Process ${first.pid}`);
  expect(second.log()).toMatch(/data directory/);
  expect(second.log()).not.toMatch(/\n\s+at /);
  expect((await fetch(`${first.url}/health`)).status).toBe(200);
});
