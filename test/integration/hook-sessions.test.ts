import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openHookService } from "../../src/hooks/hook-service.ts";
import { completeSilentSessions } from "../../src/hooks/hooked-session-queries.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { adoptClaudeSession } from "../../src/sessions/session-queries.ts";
import { addRunningRun, addSession, startHookServer, type HookServer } from "../support/hook-server.ts";

let server: HookServer;
beforeAll(async () => {
  server = await startHookServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const find = (id: string) => server.db.selectFrom("sessions").selectAll().where("id", "=", id).executeTakeFirst();
const findByClaude = (claudeSessionId: string) =>
  server.db.selectFrom("sessions").selectAll().where("claudeSessionId", "=", claudeSessionId).execute();
const toolsOf = async (sessionId: string) => {
  const rows = await server.db
    .selectFrom("commandLogs")
    .select("toolUseId")
    .where("sessionId", "=", sessionId)
    .orderBy("id")
    .execute();
  return rows.map(({ toolUseId }) => toolUseId);
};
const messagesOf = (sessionId: string) =>
  server.db.selectFrom("sessionMessages").selectAll().where("sessionId", "=", sessionId).orderBy("position").execute();

const tool = (session_id: string, tool_use_id: string, cwd = "/home/dev/project") => ({
  session_id,
  cwd,
  hook_event_name: "PostToolUse",
  tool_name: "Bash",
  tool_input: { command: "ls" },
  tool_response: { stdout: "", stderr: "" },
  tool_use_id,
  duration_ms: 1,
});

test("a hundred first hooks of one new conversation make one observed session, also from two servers", async () => {
  const claudeSessionId = randomUUID();
  await using other = openHookService({
    db: server.db,
    connectionString: server.connectionString,
    log: createLogger("silent"),
    workerId: "worker-1",
  });
  const posts = Array.from({ length: 100 }, (_, n) => {
    const body = tool(claudeSessionId, `t${n}`);
    return n % 2 === 0 ? server.post(body) : other.receive(JSON.stringify(body), "hooks", {});
  });
  await Promise.all(posts);
  const sessions = await findByClaude(claudeSessionId);
  expect(sessions).toHaveLength(1);
  expect(sessions[0]).toMatchObject({
    observed: true,
    title: "project",
    projectPath: "/home/dev/project",
    status: "running",
    workerId: "worker-1",
  });
  expect(await toolsOf(sessions[0]?.id ?? "")).toHaveLength(100);
});

test("claude run by hand in the workspace of a session without a Claude id is adopted, not doubled", async () => {
  const outer = await addSession(server.db, { path: "/srv/work" });
  const inner = await addSession(server.db, { path: "/srv/work/inner" });
  const claudeSessionId = randomUUID();
  await server.post(tool(claudeSessionId, "a", "/srv/work/inner/src"));
  await server.post(tool(claudeSessionId, "b", "/elsewhere"));
  expect(await find(inner)).toMatchObject({ claudeSessionId, observed: false, status: "running" });
  expect(await find(outer)).toMatchObject({ claudeSessionId: null });
  expect(await toolsOf(inner)).toEqual(["a", "b"]);

  const second = randomUUID();
  await server.post(tool(second, "c", "/srv/work/inner"));
  expect(await find(outer)).toMatchObject({ claudeSessionId: second });
  const third = randomUUID();
  await server.post(tool(third, "d", "/srv/work/inner"));
  expect(await findByClaude(third)).toMatchObject([{ observed: true }]);
});

test("a folder that only begins like a workspace is not in it, and a session about to run is not adopted", async () => {
  const near = await addSession(server.db, { path: "/srv/near" });
  const busy = await addSession(server.db, { path: "/srv/busy" });
  await addRunningRun(server.db, busy);
  await server.post(tool(randomUUID(), "a", "/srv/nearby"));
  await server.post(tool(randomUUID(), "b", "/srv/busy"));
  expect(await find(near)).toMatchObject({ claudeSessionId: null });
  expect(await find(busy)).toMatchObject({ claudeSessionId: null });
});

test("a session is found by Claude's id, and in old bodies also by ours", async () => {
  const claudeSessionId = randomUUID();
  const id = await addSession(server.db, { claudeSessionId });
  await server.post(tool(claudeSessionId, "a"));
  await server.post({ session: id, tool: "Bash", result: "hello" }, { path: "/api/hooks/tool-complete" });
  expect(await toolsOf(id)).toEqual(["a", null]);
});

test("during a run of ours, what a person's own settings post is dropped, and what the run posts is kept", async () => {
  const claudeSessionId = randomUUID();
  const id = await addSession(server.db, { claudeSessionId });
  const { token, runId } = await addRunningRun(server.db, id);
  expect((await server.post(tool(claudeSessionId, "own-settings"))).status).toBe(204);
  expect((await server.post(tool("any id at all", "by-token"), { token })).status).toBe(204);
  expect(await toolsOf(id)).toEqual(["by-token"]);
  await server.db
    .updateTable("runs")
    .set({ status: "succeeded", reason: "success", finishedAt: new Date() })
    .where("id", "=", runId)
    .execute();
  await server.post(tool(claudeSessionId, "by-hand-later"));
  expect(await toolsOf(id)).toEqual(["by-token", "by-hand-later"]);
});

test("a run's hooks make no messages and move no status: its stream does", async () => {
  const id = await addSession(server.db, { claudeSessionId: randomUUID() });
  const { token } = await addRunningRun(server.db, id);
  await server.post({ session_id: "x", hook_event_name: "UserPromptSubmit", prompt: "do it" }, { token });
  await server.post({ session_id: "x", hook_event_name: "Stop", last_assistant_message: "done" }, { token });
  await server.post({ session_id: "x", hook_event_name: "SessionEnd", reason: "other" }, { token });
  expect(await messagesOf(id)).toHaveLength(1);
  expect(await find(id)).toMatchObject({ status: "running" });
  const events = await server.db
    .selectFrom("sessionEvents")
    .select(["type"])
    .where("sessionId", "=", id)
    .orderBy("seq")
    .execute();
  expect(events.map(({ type }) => type)).toEqual(["hook", "hook", "hook"]);
});

test("a session a person runs follows its hooks: running, completed, running again, failed", async () => {
  const session_id = randomUUID();
  const statusAfter = async (body: object) => {
    expect((await server.post({ session_id, cwd: "/home/dev/shop", ...body })).status).toBe(204);
    return (await findByClaude(session_id))[0]?.status;
  };
  expect(await statusAfter({ hook_event_name: "UserPromptSubmit", prompt: "Fix the basket\nplease" })).toBe("running");
  expect(await statusAfter({ hook_event_name: "Stop", last_assistant_message: "Fixed." })).toBe("completed");
  expect(await statusAfter({ hook_event_name: "UserPromptSubmit", prompt: "Thanks. And the cart?" })).toBe("running");
  expect(
    await statusAfter({
      hook_event_name: "StopFailure",
      error: "server_error",
      last_assistant_message: "API Error: 529",
    }),
  ).toBe("failed");
  expect(await statusAfter({ hook_event_name: "SessionEnd", reason: "other" })).toBe("failed");
  const session = (await findByClaude(session_id))[0];
  expect(session).toMatchObject({ title: "Fix the basket", activity: "API Error: 529" });
  expect((await messagesOf(session?.id ?? "")).map(({ content }) => content)).toEqual([
    "Fix the basket\nplease",
    "Fixed.",
    "Thanks. And the cart?",
    "API Error: 529",
  ]);
  const events = await server.db
    .selectFrom("sessionEvents")
    .selectAll()
    .where("sessionId", "=", session?.id ?? "")
    .where("type", "=", "session.status")
    .orderBy("seq")
    .execute();
  expect(events.map(({ data }) => (data as { status: string }).status)).toEqual(["completed", "running", "failed"]);
});

test("an archived session stays archived for late hooks, and a new prompt brings it back", async () => {
  const session_id = randomUUID();
  await server.post({ session_id, hook_event_name: "UserPromptSubmit", prompt: "one" });
  await server.db
    .updateTable("sessions")
    .set({ status: "archived", archivedAt: new Date() })
    .where("claudeSessionId", "=", session_id)
    .execute();
  await server.post(tool(session_id, "late"));
  expect(await findByClaude(session_id)).toMatchObject([{ status: "archived" }]);
  await server.post({ session_id, hook_event_name: "UserPromptSubmit", prompt: "two" });
  expect(await findByClaude(session_id)).toMatchObject([{ status: "running", archivedAt: null, title: "one" }]);
});

test("hooks follow when their observed session is merged into one of ours, or deleted", async () => {
  const session_id = randomUUID();
  await server.post(tool(session_id, "a"));
  const ours = await addSession(server.db);
  await server.db.transaction().execute((tx) => adoptClaudeSession(tx, { id: ours }, session_id));
  await server.post(tool(session_id, "b"));
  expect(await toolsOf(ours)).toEqual(["a", "b"]);

  await server.db.deleteFrom("sessions").where("id", "=", ours).execute();
  await server.post(tool(session_id, "c"));
  const again = await findByClaude(session_id);
  expect(again).toMatchObject([{ observed: true }]);
  expect(await toolsOf(again[0]?.id ?? "")).toEqual(["c"]);
});

test("an observed session that fell silent is ended, one that speaks is not", async () => {
  const [silent, speaking] = [randomUUID(), randomUUID()];
  await server.post(tool(silent, "a"));
  await server.post(tool(speaking, "a"));
  await server.db
    .updateTable("sessions")
    .set({ updatedAt: new Date(Date.now() - 31 * 60_000) })
    .where("claudeSessionId", "=", silent)
    .execute();
  expect(await completeSilentSessions(server.db, { workerId: "worker-1", minutes: 30 })).toBe(1);
  expect(await findByClaude(silent)).toMatchObject([{ status: "completed" }]);
  expect(await findByClaude(speaking)).toMatchObject([{ status: "running" }]);
});
