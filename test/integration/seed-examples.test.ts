import { execFile, execFileSync } from "node:child_process";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CommandLogPage } from "../../src/contract/command-log.ts";
import { PostedMessage } from "../../src/contract/message.ts";
import { Session } from "../../src/contract/session.ts";
import { testApp, type TestApp } from "../support/app.ts";
import { requirePeer } from "../support/peers.ts";

/*
 * What the first description of this project prints, run as printed by a real shell and curl; only the port is another.
 */
const CREATE_SESSION = `curl -X POST http://localhost:3001/api/sessions \\
  -H 'Content-Type: application/json' \\
  -d '{
    "projectType": "github",
    "githubRepo": "owner/repo",
    "initialPrompt": "Review the codebase and suggest improvements",
    "slackChannel": "#dev-automation"
  }'`;
const TEST_HOOK = `curl -X POST http://localhost:3001/api/hooks/tool-complete \\
     -H 'Content-Type: application/json' \\
     -d '{"session":"test","tool":"bash","result":"hello"}'`;
const VERIFY_CONNECTIVITY = "curl http://localhost:3001/api/sessions";

const hasProgram = (name: string) => () => {
  try {
    execFileSync("which", [name]);
    return true;
  } catch {
    return false;
  }
};
requirePeer("curl", hasProgram("curl"), "apt-get install curl");
requirePeer("git", hasProgram("git"), "apt-get install git");

let app: TestApp;
let repositories: string;
beforeAll(async () => {
  app = await testApp({ GITHUB_URL: "https://127.0.0.1:1" });
  repositories = join(app.folder, "github");
  await mkdir(repositories);
});
afterAll(() => app[Symbol.asyncDispose]());

/** Runs a printed line in a shell, adding only what shows the answer's head. */
async function curl(line: string) {
  const command = line.replace("localhost:3001", `localhost:${new URL(app.url).port}`).replace("curl ", "curl -sS -i ");
  const { stdout } = await promisify(execFile)("sh", ["-c", command], { env: { PATH: process.env["PATH"] ?? "" } });
  const [head = "", body = ""] = stdout.split("\r\n\r\n", 2);
  const [statusLine = "", ...headers] = head.split("\r\n");
  return {
    status: Number(statusLine.split(" ")[1]),
    headers: new Headers(headers.map((text) => text.split(": ", 2) as [string, string])),
    body,
  };
}

const post = (path: string, body: unknown, method = "POST") =>
  app.fetch(path, { method, body: JSON.stringify(body), headers: { "content-type": "application/json" } });

interface Problem {
  status: number;
  detail: string;
  errors?: { field: string; message: string }[];
}

/** Expects a problem document, and gives it. */
async function problem(response: Response): Promise<Problem> {
  expect(response.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  return (await response.json()) as Problem;
}

test("the printed line that creates a session answers at once as the description says", async () => {
  const { status, headers, body } = await curl(CREATE_SESSION);
  expect(status).toBe(201);
  const session = Session.parse(JSON.parse(body));
  expect(session).toMatchObject({
    status: "created",
    projectType: "github",
    githubRepo: "owner/repo",
    slackChannel: "#dev-automation",
  });
  expect(session.workspacePath).toMatch(new RegExp(`^${app.environment["WORKSPACE_BASE"]}/repo-`));
  expect(headers.get("location")).toBe(`/api/sessions/${session.sessionId}`);
  const message = (await app.messages(session.sessionId))[0];
  expect(message).toMatchObject({
    direction: "inbound",
    source: "api",
    content: "Review the codebase and suggest improvements",
  });

  // There is no such repository here: the run says so, in words, and leaves the session usable.
  const failed = await app.until(session.sessionId, ["failed", "completed"]);
  expect(failed).toMatchObject({ status: "failed", lastReason: "workspace_failed" });
  const answer = (await app.messages(session.sessionId)).at(-1);
  expect(answer).toMatchObject({ direction: "outbound", metadata: { reason: "workspace_failed" } });
  expect(answer?.content).not.toMatch(/\n\s+at /);
});

test("the printed line that tests the hook is logged under a session that appears by itself", async () => {
  expect((await curl(TEST_HOOK)).status).toBe(204);
  const row = await app.db
    .selectFrom("sessions")
    .select("id")
    .where("claudeSessionId", "=", "test")
    .executeTakeFirstOrThrow();
  const logs = await app.request(CommandLogPage, `/api/sessions/${row.id}/logs?limit=50`);
  expect(logs).toMatchObject({ items: [{ tool: "bash", result: "hello", success: true }], nextCursor: null });
});

test("the printed line that checks the connection lists the sessions", async () => {
  const { status, body } = await curl(VERIFY_CONNECTIVITY);
  expect(status).toBe(200);
  const { items } = JSON.parse(body) as { items: { githubRepo: string | null }[] };
  expect(items.map(({ githubRepo }) => githubRepo)).toContain("owner/repo");
});

test("every documented path answers, and /health is JSON", async () => {
  const created = await post("/api/sessions", { projectType: "local", projectPath: repositories });
  expect(created.status).toBe(201);
  const { sessionId } = Session.parse(await created.json());
  for (const path of ["", "/messages", "/logs?limit=50", "/runs", "/diff", "/events?after=0"])
    expect([path, (await app.fetch(`/api/sessions/${sessionId}${path}`)).status]).toEqual([path, 200]);
  for (const path of ["/health", "/ready", "/api/version", "/api/openapi.json", "/api/docs", "/api/events?after=0"])
    expect([path, (await app.fetch(path)).status]).toEqual([path, 200]);
  expect(await (await app.fetch("/health")).json()).toMatchObject({ status: "ok", database: "ok" });
});

test("what the description calls by snake_case names is taken in, and camelCase comes out", async () => {
  const created = await post("/api/sessions", {
    project_type: "local",
    project_path: repositories,
    slack_channel: "#x",
  });
  expect(created.status).toBe(201);
  const { sessionId } = Session.parse(await created.json());
  const claudeSessionId = "3f0f3c2e-5d3a-4a57-9d4e-0d6b8f3f0a01";
  const patched = await post(
    `/api/sessions/${sessionId}`,
    { claude_session_id: claudeSessionId, status: "completed" },
    "PATCH",
  );
  expect(await patched.json()).toMatchObject({
    claudeSessionId,
    status: "completed",
    slackChannel: "#x",
    resumeCommand: expect.stringContaining(claudeSessionId),
  });
  const other = await post("/api/sessions", { projectType: "local", projectPath: repositories });
  const { sessionId: otherId } = Session.parse(await other.json());
  const taken = await post(`/api/sessions/${otherId}`, { claudeSessionId }, "PATCH");
  expect(taken.status).toBe(409);
  expect((await problem(taken)).detail).toContain(sessionId);
});

test("the workspace kind that this version does not have is refused by name", async () => {
  const refused = await post("/api/sessions", { projectType: "e2b", initialPrompt: "x" });
  expect(refused.status).toBe(400);
  const { errors, detail } = await problem(refused);
  expect(detail).toContain("not available in this version");
  expect(errors?.[0]?.field).toBe("body.projectType");
});

test.each([
  [{}, "body.projectType"],
  [{ projectType: "github" }, "body.githubRepo"],
  [{ projectType: "github", githubRepo: "--upload-pack=x" }, "body.githubRepo"],
  [{ projectType: "github", githubRepo: "https://me:secret@github.com/o/r" }, "body.githubRepo"],
  [{ projectType: "local" }, "body.projectPath"],
  [{ projectType: "local", projectPath: "relative" }, "body.projectPath"],
  [{ projectType: "local", projectPath: "/no/such/folder" }, "body.projectPath"],
  [{ projectType: "worktree", projectPath: "/tmp" }, "body.projectPath"],
  [{ projectType: "local", projectPath: "/tmp", branch: "--x" }, "body.branch"],
  [{ projectType: "local", projectPath: "/tmp", maxTurns: 0 }, "body.maxTurns"],
  [{ projectType: "local", projectPath: "/tmp", allowedTools: ["--x"] }, "body.allowedTools[0]"],
  [{ projectType: "local", projectPath: "/tmp", permissionMode: "bypassPermissions" }, "body.permissionMode"],
  [{ projectType: "local", projectPath: "/tmp", initialPrompt: "  " }, "body.initialPrompt"],
  [{ projectType: "local", projectPath: "/tmp", titel: "x" }, "body.titel"],
])("a session made of %j is refused, naming %s", async (body, field) => {
  const refused = await post("/api/sessions", body);
  expect(refused.status).toBe(400);
  const { errors, detail } = await problem(refused);
  expect(errors?.map((error) => error.field)).toContain(field);
  expect(detail).not.toContain("secret");
});

test("an outbound message is recorded and starts nothing; an unknown session is not found", async () => {
  const created = await post("/api/sessions", { projectType: "local", projectPath: repositories });
  const { sessionId } = Session.parse(await created.json());
  const posted = await post(`/api/sessions/${sessionId}/messages`, {
    content: "said elsewhere",
    direction: "outbound",
    source: "n8n",
  });
  expect(posted.status).toBe(201);
  expect(PostedMessage.parse(await posted.json())).toMatchObject({ runId: null, status: "recorded" });
  expect(await app.messages(sessionId)).toMatchObject([
    { direction: "outbound", source: "n8n", content: "said elsewhere" },
  ]);
  expect(await app.runs(sessionId)).toEqual([]);

  const nowhere = await post("/api/sessions/00000000-0000-4000-8000-000000000000/messages", { content: "x" });
  expect(nowhere.status).toBe(404);
  expect((await post("/api/sessions/abc/messages", { content: "x" })).status).toBe(400);
  expect((await problem(await post(`/api/sessions/${sessionId}/messages`, { content: "" }))).errors?.[0]?.field).toBe(
    "body.content",
  );
});

test("a status moves only along its arrows, and an archived session says since when", async () => {
  const created = await post("/api/sessions", { projectType: "local", projectPath: repositories });
  const { sessionId } = Session.parse(await created.json());
  const move = async (status: string) => post(`/api/sessions/${sessionId}`, { status }, "PATCH");
  expect((await move("archived")).status).toBe(200);
  expect(await (await app.fetch(`/api/sessions/${sessionId}`)).json()).toMatchObject({
    status: "archived",
    archivedAt: expect.any(String) as string,
  });
  const back = await move("failed");
  expect(back.status).toBe(409);
  expect((await problem(back)).detail).toContain("archived");
  expect(await readFile(join(repositories, "x"), "utf8").catch(() => "the folder is untouched")).toBe(
    "the folder is untouched",
  );
});

test("what only runs and hooks can say of a session cannot be set by hand", async () => {
  const created = await post("/api/sessions", { projectType: "local", projectPath: repositories });
  const { sessionId } = Session.parse(await created.json());
  for (const status of ["queued", "running", "waiting"]) {
    const refused = await post(`/api/sessions/${sessionId}`, { status }, "PATCH");
    expect(refused.status).toBe(400);
    expect((await problem(refused)).errors).toMatchObject([{ field: "body.status" }]);
  }
  expect(await (await app.fetch(`/api/sessions/${sessionId}`)).json()).toMatchObject({ status: "created" });
  expect((await post(`/api/sessions/${sessionId}`, { status: "completed" }, "PATCH")).status).toBe(200);
});
