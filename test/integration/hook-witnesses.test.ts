import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { recordToolCalls, recordToolResults, toolEvent } from "../../src/hooks/command-log-queries.ts";
import { appendEvents } from "../../src/sessions/event-queries.ts";
import { addRunningRun, addSession, startHookServer, toolHook, type HookServer } from "../support/hook-server.ts";

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

test("the stream and a hook of one tool call make one row and one event, whichever comes first", async () => {
  for (const streamFirst of [true, false]) {
    const sessionId = await addSession(server.db, { claudeSessionId: randomUUID() });
    const { runId, token } = await addRunningRun(server.db, sessionId);
    const stream = () =>
      server.db.transaction().execute(async (tx) => {
        const call = {
          sessionId,
          runId,
          toolUseId: "toolu_1",
          tool: "Bash",
          input: { command: "npm test" },
          agentId: null,
        };
        const result = {
          sessionId,
          toolUseId: "toolu_1",
          result: "what Claude was told",
          status: "succeeded" as const,
        };
        const rows = [...(await recordToolCalls(tx, [call])), ...(await recordToolResults(tx, [result]))];
        await appendEvents(tx, sessionId, rows.map(toolEvent));
      });
    const hook = () => server.post(toolHook("irrelevant"), { token });
    for (const witness of streamFirst ? [stream, hook] : [hook, stream]) await witness();

    expect(await logsOf(sessionId)).toMatchObject([
      { runId, toolUseId: "toolu_1", status: "succeeded", durationMs: 12, result: "what Claude was told" },
    ]);
    const tools = (await eventsOf(sessionId)).filter(({ type }) => type === "tool");
    expect(tools).toMatchObject([
      { key: "tool:toolu_1", runId, data: { tool: "Bash", status: "succeeded", durationMs: 12, summary: "npm test" } },
    ]);
  }
});

test("stream and hooks of the same calls at the same time neither deadlock nor double", async () => {
  const sessionId = await addSession(server.db, { claudeSessionId: randomUUID() });
  const { runId, token } = await addRunningRun(server.db, sessionId);
  const ids = Array.from({ length: 60 }, (_, index) => `toolu_${index}`);
  const stream = (toolUseId: string) =>
    server.db.transaction().execute(async (tx) => {
      await recordToolCalls(tx, [
        { sessionId, runId, toolUseId, tool: "Bash", input: { command: "x" }, agentId: null },
      ]);
      const rows = await recordToolResults(tx, [{ sessionId, toolUseId, result: "r", status: "succeeded" }]);
      await appendEvents(tx, sessionId, rows.map(toolEvent));
    });
  await Promise.all(
    ids.flatMap((toolUseId) => [stream(toolUseId), server.post(toolHook("x", { tool_use_id: toolUseId }), { token })]),
  );
  const rows = await logsOf(sessionId);
  expect(rows).toHaveLength(ids.length);
  expect(rows.every(({ status, durationMs }) => status === "succeeded" && durationMs === 12)).toBe(true);
});

test("a late PreToolUse does not take a finished call back to running", async () => {
  const id = randomUUID();
  await server.post(toolHook(id));
  await server.post(toolHook(id, { hook_event_name: "PreToolUse", tool_response: undefined, duration_ms: undefined }));
  const session = await sessionOf(id);
  expect(await logsOf(session.id)).toMatchObject([{ status: "succeeded", result: "ok" }]);
});
