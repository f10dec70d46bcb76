import { randomUUID } from "node:crypto";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findClaude } from "../../src/claude/claude-command.ts";
import { Session } from "../../src/contract/session.ts";
import { Version } from "../../src/contract/system.ts";
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

const ONE_TRY = { RUN_MAX_ATTEMPTS: "1", CLAUDE_CODE_MAX_RETRIES: "0" };

async function newFolder(): Promise<string> {
  const path = join(place.folder, `project-${randomUUID().slice(0, 8)}`);
  await mkdir(path);
  return path;
}

/** An executable file of a few lines of shell. */
async function shellProgram(...lines: string[]): Promise<string> {
  const file = join(await newFolder(), "claude");
  await writeFile(file, ["#!/bin/sh", ...lines, ""].join("\n"));
  await chmod(file, 0o755);
  return file;
}

/** One run on that server, to its end. */
async function runOnce(server: ServerProcess, prompt = script({ text: "Fine." })) {
  const api = apiOf(server);
  const { sessionId } = await api.start({
    projectType: "local",
    projectPath: await newFolder(),
    initialPrompt: prompt,
  });
  const session = await api.until(sessionId, ["completed", "failed", "cancelled"]);
  const [run] = await api.runs(sessionId);
  const answer = (await api.messages(sessionId)).at(-1);
  return { session, run, answer };
}

/** A failure is told in the conversation, in words a person can act on, and leaves nothing behind. */
async function expectToldFailure(
  { session, run, answer }: Awaited<ReturnType<typeof runOnce>>,
  reason: string,
  text: RegExp,
) {
  expect(session).toMatchObject({ status: "failed", lastReason: reason });
  expect(run).toMatchObject({ status: "failed", reason });
  expect(answer).toMatchObject({ direction: "outbound", metadata: { reason } });
  expect(answer?.content).toMatch(text);
  expect(answer?.content).not.toMatch(/\n\s+at |undefined|\[object/);
  await expect.poll(() => processesOf(run?.runId ?? ""), { timeout: 5_000 }).toEqual([]);
}

const version = (server: ServerProcess) => apiOf(server).request(Version, "/api/version");

test("without a claude the server serves, says so in its version, and a run says what to install", async () => {
  await using server = await place.start({ ...ONE_TRY, CLAUDE_COMMAND: join(place.folder, "nowhere/claude") });
  expect((await version(server)).claude).toMatchObject({ state: "missing", version: null });
  await expectToldFailure(await runOnce(server), "cli_missing", /CLAUDE_COMMAND .*nowhere\/claude/);
});

test("a claude that is too old is refused by its version, before it is run", async () => {
  const old = await shellProgram(
    '[ "$1" = --version ] && echo "1.0.17 (Claude Code)" && exit 0',
    "echo ran >&2; exit 1",
  );
  await using server = await place.start({ ...ONE_TRY, CLAUDE_COMMAND: old });
  expect((await version(server)).claude).toMatchObject({ state: "unsupported", version: "1.0.17" });
  await expectToldFailure(await runOnce(server), "cli_unsupported", /1\.0\.17 is too old/);
});

test("a program that is no Claude Code is not taken for one", async () => {
  const other = await shellProgram('echo "v3.1 of something else"');
  await using server = await place.start({ ...ONE_TRY, CLAUDE_COMMAND: other });
  expect((await version(server)).claude).toMatchObject({ state: "missing" });
  await expectToldFailure(await runOnce(server), "cli_missing", /is not Claude Code/);
});

test("a claude newer than the one we test runs, and is marked as untested", async () => {
  const { argv } = await findClaude({ path: "/usr/bin:/bin" });
  const newer = await shellProgram(
    '[ "$1" = --version ] && echo "9.9.9 (Claude Code)" && exit 0',
    `exec ${argv.join(" ")} "$@"`,
  );
  await using server = await place.start({ ...ONE_TRY, CLAUDE_COMMAND: newer });
  expect((await version(server)).claude).toMatchObject({ state: "untested", version: "9.9.9", command: newer });
  const { session, run, answer } = await runOnce(server);
  expect([session.status, run?.untestedVersion, answer?.content]).toEqual(["completed", true, "Fine."]);
});

test("a claude that nobody logged in says how to log in", async () => {
  await using server = await place.start({ ...ONE_TRY, ANTHROPIC_API_KEY: "" });
  await expectToldFailure(await runOnce(server), "not_logged_in", /ANTHROPIC_API_KEY/);
});

test("an API that cannot be reached is named, with what to check", async () => {
  await using server = await place.start({ ...ONE_TRY, ANTHROPIC_BASE_URL: "http://127.0.0.1:9" });
  await expectToldFailure(await runOnce(server), "api_unreachable", /could not be reached.*ANTHROPIC_BASE_URL/s);
});

test("a Claude session that is not there cannot be continued, and the session says why", async () => {
  await using server = await place.start(ONE_TRY);
  const api = apiOf(server);
  const { sessionId } = await api.start({ projectType: "local", projectPath: await newFolder() });
  const unknown = randomUUID();
  await api.request(Session, `/api/sessions/${sessionId}`, { method: "PATCH", body: { claude_session_id: unknown } });
  await api.say(sessionId, { content: script({ text: "never" }) });
  const session = await api.until(sessionId, ["completed", "failed"]);
  const [run] = await api.runs(sessionId);
  await expectToldFailure(
    { session, run, answer: (await api.messages(sessionId)).at(-1) },
    "unknown_claude_session",
    /conversation/,
  );
  expect(session.claudeSessionId).toBe(unknown);
});
