import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { z } from "zod";
import { SessionEvent } from "../../src/contract/event.ts";
import { RunResult } from "../../src/contract/run-result.ts";
import { Session, SessionPage } from "../../src/contract/session.ts";
import { testApp, type TestApp } from "../support/app.ts";
import { runCommandLine, startCommand } from "../support/command-line.ts";
import { openTcpDoor } from "../support/tcp-door.ts";

let app: TestApp;
let around: { env: Record<string, string>; cwd: string };
beforeAll(async () => {
  app = await testApp({ RUN_MAX_ATTEMPTS: "1" });
  around = { env: { CLAUDE_ORCHESTRATOR_URL: app.url }, cwd: app.folder };
});
afterAll(() => app[Symbol.asyncDispose]());

const script = (...steps: object[]) => `MOCK${JSON.stringify(steps)}`;
const slow = script({ text: "I look.", bash: "sleep 30" }, { text: "At last." });
const session = (args: readonly string[], more: object = {}) =>
  runCommandLine(["session", ...args], { ...around, ...more });

test("start works in the folder one stands in, tells what goes on, and ends with the answer alone on a pipe", async () => {
  const prompt = script({ text: "I look.", bash: "echo seen" }, { text: "It is **done**." });
  const { code, out, err } = await session([
    "start",
    prompt,
    "--allow",
    "Bash",
    "--title",
    "From a shell",
    "--tag",
    "a",
  ]);
  expect({ code, out }).toEqual({ code: 0, out: "It is **done**.\n" });
  expect(err).toMatch(/^Session [0-9a-f-]{36}\n/u);
  expect(err).toContain("I look.\n  > Bash: echo seen\n");
  expect(err).toMatch(/succeeded, [\d.]+ s, \d+ turns, \$[\d.]+.* · session [0-9a-f-]{36}\n$/u);
  const id = /Session (\S+)/u.exec(err)?.[1];
  expect(await app.request(Session, `/api/sessions/${id}`)).toMatchObject({
    title: "From a shell",
    tags: ["a"],
    source: "cli",
    projectType: "local",
    projectPath: app.folder,
  });
});

test("with --json there is one document on the standard output and nothing else anywhere", async () => {
  const started = await session(["start", "-", "--json"], { input: script({ text: "From stdin." }) });
  expect(started).toMatchObject({ code: 0, err: "" });
  const result = RunResult.parse(JSON.parse(started.out));
  expect(result).toMatchObject({ status: "succeeded", answer: "From stdin." });

  const continued = await session(["continue", result.sessionId, script({ text: "More." }), "--json"]);
  expect(continued).toMatchObject({ code: 0, err: "" });
  expect(RunResult.parse(JSON.parse(continued.out))).toMatchObject({ answer: "More.", sessionId: result.sessionId });

  const logs = await session(["logs", result.sessionId, "--json"]);
  const events = z.array(SessionEvent).parse(
    logs.out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown),
  );
  expect(events.map(({ seq }) => seq)).toEqual(events.map(({ seq }) => seq).toSorted((a, b) => a - b));
  expect(events.filter(({ type }) => type === "run")).toHaveLength(2);

  const list = await session(["list", "--json", "--limit", "1"]);
  expect(SessionPage.parse(JSON.parse(list.out)).items[0]).toMatchObject({ sessionId: result.sessionId });
});

test("a person reads prompts, answers and tool calls in the logs, and a line for each session in the list", async () => {
  const { out } = await session([
    "start",
    script({ bash: "echo two" }, { text: "Two." }),
    "--detach",
    "--allow",
    "Bash",
  ]);
  const id = z.uuid().parse(out.trim());
  expect(await session(["wait", id])).toMatchObject({ code: 0, out: "Two.\n" });
  const logs = await session(["logs", id]);
  expect(logs.out).toMatch(/cli: MOCK.*> Bash: echo two.*Two\./su);
  expect((await session(["list"])).out).toMatch(new RegExp(`^${id}  completed`, "mu"));
});

test("Ctrl-C leaves the run running and says so; wait with a time says that it goes on; stop ends it", async () => {
  const following = startCommand(["session", "start", slow, "--allow", "Bash"], around);
  await vi.waitFor(() => expect(following.err()).toContain("> Bash: sleep 30"), { timeout: 30_000 });
  following.signal("SIGINT");
  const { code, err } = await following.ended;
  const id = /Session ([0-9a-f-]{36})/u.exec(err)?.[1] ?? "";
  expect(code).toBe(130);
  expect(err).toContain(`The run goes on. Session ${id}\n  claude-orchestrator session wait ${id} `);
  expect(await app.request(Session, `/api/sessions/${id}`)).toMatchObject({ status: "running" });

  expect(await session(["wait", id, "--timeout", "1", "--json"])).toMatchObject({ code: 4 });
  expect(await session(["stop", id])).toMatchObject({ code: 0, out: "Stopped 1\n" });
  expect(await session(["wait", id])).toMatchObject({ code: 1 });
  expect(await session(["stop", id])).toMatchObject({ code: 0, out: "Nothing was running\n" });
});

test("a run that fails is exit code 1, with its reason in words", async () => {
  const { code, out, err } = await session(["start", script({ error: { status: 400, message: "no such thing" } })]);
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toMatch(/failed \(\w+\)/u);
});

test("a template says what the command does not, with its variables", async () => {
  const preset = { projectType: "local", projectPath: app.folder, initialPrompt: script({ text: "For {{who}}." }) };
  const body = { name: "for-somebody", variables: { who: {} }, session: preset };
  await app.request(z.unknown(), "/api/templates", { method: "POST", body });
  const made = await session(["start", "--template", "for-somebody", "--var", "who=me"]);
  expect(made).toMatchObject({ code: 0, out: "For me.\n" });
  expect(await session(["start", "--template", "for-somebody", "--var", "me"])).toMatchObject({ code: 2 });
});

test("what the command or the server cannot take is exit code 2, and says which value", async () => {
  expect(await session(["start"])).toMatchObject({ code: 2, out: "" });
  expect(await session(["begin"])).toMatchObject({ code: 2 });
  expect(await session(["start", "x", "--repo", "a/b", "--path", "."])).toMatchObject({ code: 2 });
  const refused = await session(["start", "x", "--path", "/nowhere/at/all", "--json"]);
  expect(refused).toMatchObject({ code: 2, out: "" });
  expect(refused.err).toContain("body.projectPath does not exist");
  expect(await session(["wait", "00000000-0000-4000-8000-000000000000"])).toMatchObject({ code: 2 });
  expect(await session(["list", "--url", "ftp://example.org"])).toMatchObject({ code: 2 });
});

test("a server that is not there is exit code 3", async () => {
  await using door = await openTcpDoor(app.url);
  await door.shut();
  const { code, err } = await session(["list", "--url", door.url]);
  expect(code).toBe(3);
  expect(err).toContain(`No server answers at ${door.url} (connect ECONNREFUSED`);
});

test("the key comes from a file or the environment, and a .env of the folder is not read", async () => {
  const key = "a-key-of-the-command-line";
  await using locked = await testApp({ API_KEY: key, API_HOST: "0.0.0.0" });
  // Asked for by another name than localhost, being on this machine counts for nothing.
  const env = { CLAUDE_ORCHESTRATOR_URL: locked.url.replace(/\/\/[^:]+/u, "//127.1.1.1") };
  const file = join(app.folder, "key");
  await writeFile(file, `${key}\n`);
  await writeFile(join(locked.folder, ".env"), `CLAUDE_ORCHESTRATOR_API_KEY=${key}\n`);
  const listed = async (more: Record<string, string>, args: string[] = []) =>
    (await runCommandLine(["session", "list", "--json", ...args], { env: { ...env, ...more }, cwd: locked.folder }))
      .code;
  expect(await listed({})).toBe(2);
  expect(await listed({ CLAUDE_ORCHESTRATOR_API_KEY: key })).toBe(0);
  expect(await listed({ CLAUDE_ORCHESTRATOR_API_KEY_FILE: file })).toBe(0);
  expect(await listed({}, ["--key-file", file])).toBe(0);
  expect(await listed({}, ["--key-file", "/nowhere"])).toBe(2);
});

test("a server that goes away in the middle is waited for, and its run followed to the end", async () => {
  await using door = await openTcpDoor(app.url);
  const prompt = script({ text: "I wait.", bash: "sleep 4" }, { text: "Still here." });
  const following = startCommand(["session", "start", prompt, "--allow", "Bash", "--url", door.url], around);
  await vi.waitFor(() => expect(following.err()).toContain("> Bash: sleep 4"), { timeout: 30_000 });
  await door.shut();
  await app.until(/Session ([0-9a-f-]{36})/u.exec(following.err())?.[1] ?? "", ["completed"]);
  await door.reopen();
  expect(await following.ended).toMatchObject({ code: 0, out: "Still here.\n" });
});
