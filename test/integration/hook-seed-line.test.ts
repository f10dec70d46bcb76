import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startHookServer, type HookServer } from "../support/hook-server.ts";
import { requirePeer } from "../support/peers.ts";

/** As the first description of this project prints it, its quotes unescaped from JSON. */
const SEED_LINE = `curl -sS -X POST http://localhost:3001/api/hooks/tool-complete -H 'Content-Type: application/json' -d '{"session": "'"$CLAUDE_SESSION_ID"'", "tool": "'"$TOOL_NAME"'", "result": "'"$(echo $TOOL_RESULT | head -c 10000 | jq -Rs .)"'"}'`;
/** The line of its troubleshooting section. */
const MANUAL_LINE = `curl -X POST http://localhost:3001/api/hooks/tool-complete \\
     -H 'Content-Type: application/json' \\
     -d '{"session":"test","tool":"bash","result":"hello"}'`;

const isThere = (program: string) => () => {
  try {
    execFileSync("which", [program]);
    return true;
  } catch {
    return false;
  }
};
requirePeer("curl", isThere("curl"), "apt-get install curl");
requirePeer("jq", isThere("jq"), "apt-get install jq");

let server: HookServer;
beforeAll(async () => {
  server = await startHookServer();
});
afterAll(() => server[Symbol.asyncDispose]());

async function run(
  line: string,
  env: Record<string, string>,
  shell = "sh",
): Promise<{ status: string; stdout: string }> {
  const url = new URL(server.url);
  const command = line.replace("localhost:3001", `localhost:${url.port}`).replace("curl ", "curl -w '%{http_code}' ");
  const { stdout } = await promisify(execFile)(shell, ["-c", command], {
    env: { PATH: process.env["PATH"] ?? "", ...env },
  });
  return { status: stdout.slice(-3), stdout: stdout.slice(0, -3) };
}

const lastLog = (claudeSessionId: string) =>
  server.db
    .selectFrom("commandLogs")
    .innerJoin("sessions", "sessions.id", "commandLogs.sessionId")
    .selectAll("commandLogs")
    .where("claudeSessionId", "=", claudeSessionId)
    .orderBy("commandLogs.id", "desc")
    .executeTakeFirst();

test("the seed's hook line, run by a real shell, is stored although what it sends is not JSON", async () => {
  const results: [given: string, stored: string][] = [
    ["hello", "hello"],
    [`say "hi" to C:\\Windows`, `say "hi" to C:\\Windows`],
    ['{"stdout":"a","n":1}', '{"stdout":"a","n":1}'],
    ["line one\nline two", "line one line two"],
    ["", ""],
    ["ü€".repeat(4_000), "ü€".repeat(2_000)],
  ];
  for (const shell of ["sh", "bash"]) {
    for (const [index, [given, stored]] of results.entries()) {
      const session = `seed-${shell}-${index}`;
      const answer = await run(SEED_LINE, { CLAUDE_SESSION_ID: session, TOOL_NAME: "Bash", TOOL_RESULT: given }, shell);
      expect([session, answer]).toEqual([session, { status: "204", stdout: "" }]);
      expect(await lastLog(session)).toMatchObject({ tool: "Bash", status: "succeeded", result: stored });
    }
  }
});

test("the seed's line of its troubleshooting section works as printed", async () => {
  expect(await run(MANUAL_LINE, {})).toEqual({ status: "204", stdout: "" });
  expect(await lastLog("test")).toMatchObject({ tool: "bash", result: "hello", status: "succeeded" });
});

test("the seed's line under today's Claude, which sets none of its variables, is told what is missing", async () => {
  const answer = await run(SEED_LINE, {});
  expect(answer.status).toBe("400");
  expect(JSON.parse(answer.stdout)).toMatchObject({ errors: [{ field: "body.session" }, { field: "body.tool" }] });
});

test("old bodies may carry input and duration, and notifications are events", async () => {
  const body = {
    session: "old",
    tool: "Bash",
    result: { stdout: "x" },
    input: '{"command":"ls"}',
    duration_ms: "41.6",
  };
  expect((await server.post(body, { path: "/api/hooks/tool-complete" })).status).toBe(204);
  expect(await lastLog("old")).toMatchObject({ input: { command: "ls" }, durationMs: 42, result: "x" });
  expect(
    (await server.post({ session: "old", message: "Claude needs you" }, { path: "/api/hooks/notification" })).status,
  ).toBe(204);
  const event = await server.db
    .selectFrom("sessionEvents")
    .selectAll()
    .where("type", "=", "notification")
    .executeTakeFirst();
  expect(event?.data).toMatchObject({ message: "Claude needs you" });
});

test("native bodies are taken at every door", async () => {
  const body = {
    session_id: "native",
    hook_event_name: "PostToolUse",
    tool_name: "Read",
    tool_input: {},
    tool_response: "t",
    tool_use_id: "u",
  };
  for (const path of ["/api/hooks", "/api/hooks/tool-complete", "/api/hooks/notification"])
    expect((await server.post(body, { path })).status).toBe(204);
  expect(await lastLog("native")).toMatchObject({ tool: "Read", result: "t" });
});
