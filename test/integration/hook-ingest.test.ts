import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startHookServer, toolHook, type HookServer } from "../support/hook-server.ts";

const FIXTURES = resolve(import.meta.dirname, "../fixtures/claude-cli");

let server: HookServer;
beforeAll(async () => {
  server = await startHookServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const logsOf = (sessionId: string) =>
  server.db.selectFrom("commandLogs").selectAll().where("sessionId", "=", sessionId).orderBy("id").execute();
const eventsOf = (sessionId: string) =>
  server.db.selectFrom("sessionEvents").selectAll().where("sessionId", "=", sessionId).orderBy("seq").execute();
const sessionOf = (claudeSessionId: string) =>
  server.db.selectFrom("sessions").selectAll().where("claudeSessionId", "=", claudeSessionId).executeTakeFirstOrThrow();

test("every captured hook body is answered with an empty 204 and leaves a trace", async () => {
  const files = readdirSync(join(FIXTURES, "hooks"));
  expect(files).toHaveLength(23);
  for (const file of files) {
    const bodies = JSON.parse(readFileSync(join(FIXTURES, "hooks", file), "utf8")) as {
      session_id: string;
      tool_calls?: unknown;
    }[];
    for (const body of bodies) {
      const answer = await server.post(body);
      expect([file, answer.status, answer.text]).toEqual([file, 204, ""]);
      const session = await sessionOf(body.session_id);
      expect(session.observed).toBe(true);
      expect(await eventsOf(session.id)).not.toHaveLength(0);
    }
  }
});

test("a captured conversation becomes its calls, messages and status, in order", async () => {
  const lines = readFileSync(join(FIXTURES, "hooks-http-1.requests.jsonl"), "utf8").trim().split("\n");
  const claudeSessionId = randomUUID();
  for (const line of lines) {
    const { body } = JSON.parse(line) as { body: object };
    expect((await server.post({ ...body, session_id: claudeSessionId })).status).toBe(204);
  }
  const session = await sessionOf(claudeSessionId);
  expect(session).toMatchObject({ status: "completed", observed: true, projectType: "local", source: "cli" });
  expect(
    (await logsOf(session.id)).map(({ tool, status, result, durationMs }) => [
      tool,
      status,
      result?.slice(0, 20),
      durationMs !== null,
    ]),
  ).toEqual([
    ["Bash", "succeeded", "hi", true],
    ["Bash", "failed", "Exit code 3\noops", true],
    ["Write", "succeeded", "File created: /works", true],
    ["Agent", "succeeded", "sub done", true],
    ["Bash", "succeeded", "in-sub", true],
  ]);
  const messages = await server.db
    .selectFrom("sessionMessages")
    .selectAll()
    .where("sessionId", "=", session.id)
    .orderBy("position")
    .execute();
  expect(messages.map(({ direction, source, content }) => [direction, source, content.slice(0, 5)])).toEqual([
    ["inbound", "cli", "MOCK["],
    ["outbound", "claude", "done"],
  ]);
  const events = await eventsOf(session.id);
  expect(events.map(({ seq }) => seq)).toEqual(events.map(({ seq }) => seq).toSorted((a, b) => a - b));
  expect(events.at(-1)?.seq).toBe(session.lastSeq);
});

test("failures and refusals are logged with their reason", async () => {
  const id = randomUUID();
  await server.post(
    toolHook(id, {
      hook_event_name: "PostToolUseFailure",
      tool_response: undefined,
      error: "Exit code 3",
      tool_use_id: "a",
    }),
  );
  await server.post(
    toolHook(id, {
      hook_event_name: "PermissionDenied",
      tool_response: undefined,
      reason: "not allowed",
      tool_use_id: "b",
    }),
  );
  await server.post(toolHook(id, { hook_event_name: "PreToolUse", tool_response: undefined, tool_use_id: "c" }));
  const call = { tool_name: "Bash", tool_input: {}, tool_use_id: "c", tool_response: "needs approval" };
  await server.post({ session_id: id, hook_event_name: "PostToolBatch", tool_calls: [call] });
  await server.post(toolHook(id, { hook_event_name: "PreToolUse", tool_response: undefined, tool_use_id: "d" }));
  await server.post({ session_id: id, hook_event_name: "SessionEnd", reason: "other" });
  const session = await sessionOf(id);
  expect(await logsOf(session.id)).toMatchObject([
    { status: "failed", result: "Exit code 3" },
    { status: "denied", result: "not allowed" },
    { status: "denied", result: "needs approval" },
    { status: "failed", result: expect.stringContaining("ended before") as string },
  ]);
});

test("a hook that is repeated makes no second row, message or event", async () => {
  const id = randomUUID();
  const prompt = { session_id: id, hook_event_name: "UserPromptSubmit", prompt: "Fix the bug" };
  const bodies = [
    prompt,
    toolHook(id),
    toolHook(id, { tool_use_id: undefined }),
    { ...prompt, hook_event_name: "SomethingNew" },
  ];
  for (const body of [...bodies, ...bodies]) expect((await server.post(body)).status).toBe(204);
  const session = await sessionOf(id);
  expect(session.title).toBe("Fix the bug");
  expect(await logsOf(session.id)).toHaveLength(2);
  expect(
    await server.db.selectFrom("sessionMessages").selectAll().where("sessionId", "=", session.id).execute(),
  ).toHaveLength(1);
  expect((await eventsOf(session.id)).map(({ type }) => type)).toEqual([
    "session.created",
    "message",
    "tool",
    "tool",
    "hook",
  ]);
});

test("an event nobody knows yet is kept with its body", async () => {
  const id = randomUUID();
  const body = { session_id: id, hook_event_name: "QuantumLeap", detail: "x".repeat(10_000), nested: { a: [1, null] } };
  expect((await server.post(body)).status).toBe(204);
  const event = (await eventsOf((await sessionOf(id)).id)).find(({ type }) => type === "hook");
  expect(event?.data).toMatchObject({
    event: "QuantumLeap",
    detail: expect.stringContaining("[cut: 6000 more characters]") as string,
    nested: { a: [1, null] },
  });
});

test("a body of 20 MB is taken in, its texts cut and the cut marked", async () => {
  const id = randomUUID();
  const content = "y".repeat(10 * 1024 * 1024);
  const body = toolHook(id, {
    tool_name: "Write",
    tool_input: { file_path: "/a", content },
    tool_response: { type: "create", filePath: "/a", content },
  });
  expect((await server.post(body)).status).toBe(204);
  const [row] = await logsOf((await sessionOf(id)).id);
  expect(row?.result).toBe("File created: /a");
  expect(JSON.stringify(row?.input)).toContain("more characters]");
  expect(JSON.stringify(row?.input).length).toBeLessThan(70_000);
});

test("a body above 32 MiB is refused and the connection stays of use", async () => {
  const answer = await server.post(`"${"z".repeat(33 * 1024 * 1024)}"`);
  expect(answer.status).toBe(413);
  expect((await server.post(toolHook(randomUUID()))).status).toBe(204);
});

test("bodies that would fill the memory for reading are refused until others are done", async () => {
  const held: Socket[] = [];
  await expect
    .poll(
      async () => {
        held.push(await openPost(server.url, 32 * 1024 * 1024));
        await sleep(50); // A small body that came before it would make it one too many.
        return (await server.post(toolHook(randomUUID()))).status;
      },
      { timeout: 20_000 },
    )
    .toBe(503);
  expect(held.length).toBeGreaterThanOrEqual(8);
  for (const socket of held) socket.destroy();
  await expect.poll(async () => (await server.post(toolHook(randomUUID()))).status, { timeout: 20_000 }).toBe(204);
});

/** A request that says how long its body is and sends none of it. */
async function openPost(url: string, length: number): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  await once(socket, "connect");
  socket.write(
    `POST /api/hooks HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`,
  );
  return socket;
}

test("null bytes and lone surrogates are stored as replacement characters", async () => {
  const id = `odd-${randomUUID()}`;
  const text = JSON.stringify(
    toolHook(id, { tool_input: { "k\u0000ey": "a\u0000b" }, tool_response: "c\u0000d", tool_name: "B\u0000sh" }),
  );
  expect((await server.post(text.replace("c\\u0000d", "c\\u0000d\\ud800"))).status).toBe(204);
  const [row] = await logsOf((await sessionOf(id)).id);
  expect(row).toMatchObject({ tool: "B\uFFFDsh", result: "c\uFFFDd\uFFFD", input: { "k\uFFFDey": "a\uFFFDb" } });
});

test("a body that cannot be read is answered with 400, naming the field and the rule", async () => {
  const cases: [unknown, string, string][] = [
    ["{", "body", "is not valid JSON"],
    ["[]", "body", "must be a JSON object"],
    ["", "body", "is required"],
    [{ hook_event_name: "Stop" }, "body.session_id", "is required"],
    [{ session_id: "", hook_event_name: "Stop" }, "body.session_id", "must not be empty"],
    [{ session_id: "a" }, "body.hook_event_name", "is required"],
    [{ session_id: "a", hook_event_name: "PostToolUse" }, "body.tool_name", "is required"],
    [{ session_id: "a", hook_event_name: "PostToolUse", tool_name: 3 }, "body.tool_name", "must be a text"],
  ];
  for (const [body, field, message] of cases) {
    const answer = await server.post(body);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toMatchObject({ errors: [{ field, message }] });
  }
});

test("the logs of a session are paged newest first", async () => {
  const id = randomUUID();
  for (const n of [1, 2, 3]) await server.post(toolHook(id, { tool_use_id: `t${n}` }));
  const session = await sessionOf(id);
  const get = async (query: string) => {
    const response = await fetch(`${server.url}/api/sessions/${session.id}/logs${query}`);
    return (await response.json()) as {
      items: { toolUseId: string; success: boolean; durationMs: number }[];
      nextCursor: string | null;
    };
  };
  const first = await get("?limit=2");
  expect(first.items).toMatchObject([{ toolUseId: "t3", success: true, durationMs: 12 }, { toolUseId: "t2" }]);
  const second = await get(`?limit=2&cursor=${first.nextCursor}`);
  expect(second).toMatchObject({ items: [{ toolUseId: "t1" }], nextCursor: null });
  expect((await fetch(`${server.url}/api/sessions/${randomUUID()}/logs`)).status).toBe(404);
  expect((await fetch(`${server.url}/api/sessions/${session.id}/logs?cursor=nonsense`)).status).toBe(400);
});
