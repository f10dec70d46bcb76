import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { findClaude } from "../../src/claude/claude-command.ts";
import { Session, SessionPage } from "../../src/contract/session.ts";
import { testApp, type TestApp } from "../support/app.ts";

const MAIN = resolve(import.meta.dirname, "../../src/main.ts");
const LONGEST_MS = 90_000;

let app: TestApp;
let client: Client;
let transport: StdioClientTransport;
beforeAll(async () => {
  app = await testApp({ RUN_MAX_ATTEMPTS: "1" });
  transport = new StdioClientTransport({
    command: process.execPath,
    args: [MAIN, "mcp"],
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", CLAUDE_ORCHESTRATOR_URL: app.url },
  });
  client = new Client({ name: "a-test", version: "1.0.0" });
  await client.connect(transport);
});
afterAll(async () => {
  await client.close();
  await app[Symbol.asyncDispose]();
});

const script = (...steps: object[]) => `MOCK${JSON.stringify(steps)}`;
const slow = (seconds: number) => script({ bash: `sleep ${seconds}` }, { text: "At last." });
const Answer = z.object({
  content: z.array(z.object({ type: z.literal("text"), text: z.string() })),
  structuredContent: z.record(z.string(), z.unknown()).optional(),
  isError: z.boolean().optional(),
});

async function call(name: string, args: Record<string, unknown>) {
  const answer = Answer.parse(await client.callTool({ name, arguments: args }, undefined, { timeout: LONGEST_MS }));
  return {
    isError: answer.isError ?? false,
    text: answer.content.map(({ text }) => text).join("\n"),
    facts: answer.structuredContent ?? {},
  };
}

test("every tool says what it is for, what it takes and what it answers, and which only look", async () => {
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name).toSorted()).toEqual([
    "continue_session",
    "get_result",
    "get_status",
    "list_sessions",
    "start_session",
    "stop_session",
  ]);
  const silent = tools.filter((tool) => (tool.description ?? "").length < 60 || tool.outputSchema?.type !== "object");
  expect(silent.map(({ name }) => name)).toEqual([]);
  const looking = tools.filter(({ annotations }) => annotations?.readOnlyHint).map(({ name }) => name);
  expect(looking.toSorted()).toEqual(["get_result", "get_status", "list_sessions"]);
  expect(client.getInstructions()).toContain("start_session");
});

test("work is handed over, answered, continued in the same session and found again", async () => {
  const prompt = script({ bash: "echo handed > note" }, { text: "Noted." });
  const done = await call("start_session", { prompt, path: app.folder, title: "By MCP", allowedTools: ["Bash"] });
  expect(done).toMatchObject({ isError: false, facts: { status: "succeeded", ended: true, answer: "Noted." } });
  expect(done.text).toMatch(/^Finished\. .*\n\nNoted\.$/su);
  const sessionId = z.uuid().parse(done.facts["sessionId"]);
  expect(await app.request(Session, `/api/sessions/${sessionId}`)).toMatchObject({ source: "mcp", title: "By MCP" });
  // What a program says is no command of the person at the keyboard.
  expect(app.model.requests.some(({ text }) => text.startsWith("Message from a-test (mcp):"))).toBe(true);

  const more = await call("continue_session", { sessionId, prompt: script({ text: "More." }) });
  expect(more.facts).toMatchObject({ sessionId, answer: "More.", ended: true });
  expect((await call("get_result", { sessionId })).facts).toMatchObject({ runId: more.facts["runId"] });
  const status = await call("get_status", { sessionId });
  expect(status).toMatchObject({ facts: { status: "completed", runCount: 2 } });
  expect(status.text).toContain("succeeded  Bash: echo handed > note");
  expect((await call("list_sessions", { query: "By MCP" })).text).toContain(sessionId);
});

test("a run that takes longer goes on: the call says so in time, the result is there later, and it can be stopped", async () => {
  const begun = performance.now();
  const place = { path: app.folder, allowedTools: ["Bash"] };
  const first = await call("start_session", { prompt: slow(5), ...place, waitSeconds: 1 });
  expect(performance.now() - begun).toBeLessThan(20_000);
  expect(first).toMatchObject({ isError: false, facts: { ended: false, answer: null } });
  expect(first.text).toContain("Not finished yet");
  expect((await call("get_result", { runId: first.facts["runId"] })).facts).toMatchObject({ answer: "At last." });

  const second = await call("continue_session", {
    sessionId: first.facts["sessionId"],
    prompt: slow(60),
    waitSeconds: 0,
  });
  await app.until(z.uuid().parse(first.facts["sessionId"]), ["running"]);
  expect((await call("stop_session", { sessionId: first.facts["sessionId"] })).facts).toMatchObject({ stopped: 1 });
  const ended = await call("get_result", { runId: second.facts["runId"] });
  expect(ended).toMatchObject({ isError: false, facts: { status: "cancelled", ended: true } });
  expect(ended.text).toContain("Ended without success: cancelled");
});

test("what cannot be done is told to the model in the server's words", async () => {
  const nowhere = await call("start_session", { prompt: "x", path: "/nowhere/at/all" });
  expect(nowhere).toMatchObject({ isError: true, text: "body.projectPath does not exist on the server" });
  expect(await call("start_session", { prompt: "x" })).toMatchObject({ isError: true });
  const unknown = await call("get_status", { sessionId: "00000000-0000-4000-8000-000000000000" });
  expect(unknown.isError).toBe(true);
  expect(unknown.text).toContain("00000000-0000-4000-8000-000000000000");
});

test("a real Claude Code hands work over and tells the answer", async () => {
  const folder = join(app.folder, "outer");
  await mkdir(join(folder, "home"), { recursive: true });
  const config = join(folder, "mcp.json");
  const server = { command: process.execPath, args: [MAIN, "mcp"], env: { CLAUDE_ORCHESTRATOR_URL: app.url } };
  await writeFile(config, JSON.stringify({ mcpServers: { orchestrator: server } }));
  const input = { prompt: script({ text: "From the inner one." }), path: app.folder, title: "By a Claude" };
  const prompt = script({ tool: { name: "mcp__orchestrator__start_session", input } }, { text: "It answered." });
  const { argv } = await findClaude({ path: "/nowhere" });
  const [program = "", ...before] = argv;
  const flags = ["--strict-mcp-config", "--allowedTools", "mcp__orchestrator", "--output-format", "stream-json"];
  const claude = spawn(program, [...before, "--print", "--verbose", "--mcp-config", config, ...flags], {
    cwd: folder,
    timeout: LONGEST_MS,
    env: {
      ...app.environment,
      HOME: join(folder, "home"),
      CLAUDE_CONFIG_DIR: join(folder, "home", ".claude"),
      TMPDIR: folder,
    },
  });
  claude.stdin.end(prompt);
  const chunks: Buffer[] = [];
  claude.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(claude, "close");
  const lines = Buffer.concat(chunks).toString().trim().split("\n");
  expect(lines.filter((line) => line.includes('"tool_result"')).join("\n")).toContain("From the inner one.");
  expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ type: "result", is_error: false, result: "It answered." });
  const { items } = await app.request(SessionPage, "/api/sessions?q=By%20a%20Claude");
  expect(items).toMatchObject([{ source: "mcp", status: "completed" }]);
});

test("the server ends when its client closes the connection", async () => {
  const child = spawn(process.execPath, [MAIN, "mcp"], { stdio: ["pipe", "ignore", "ignore"], env: {} });
  child.stdin.end();
  const [code] = (await once(child, "exit")) as [number | null];
  expect(code).toBe(0);
});
