import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { createDatabase } from "../../src/db/database.ts";
import { testApp } from "../support/app.ts";
import { hasPostgres15, startKillablePostgres } from "../support/killable-postgres.ts";
import { requirePeer } from "../support/peers.ts";

requirePeer("PostgreSQL 15", hasPostgres15, "apt-get install postgresql-15");

const BACK_MS = 30_000;
const ANY = "00000000-0000-4000-8000-000000000000";

test("while the database is away every route answers 503 with Retry-After, and goes on when it is back", async () => {
  await using postgres = await startKillablePostgres();
  await using app = await testApp({ DATABASE_URL: postgres.connectionString });
  await using db = createDatabase(postgres.connectionString);
  const hook = { hook_event_name: "PreToolUse", session_id: ANY, tool_name: "Bash", tool_input: {}, cwd: "/x" };
  const post = (path: string, body: object, headers = {}) =>
    app.fetch(path, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json", ...headers },
    });
  const ofRun = { authorization: `Bearer orch_run_${randomBytes(24).toString("base64url")}` };
  const asked = () => [
    post("/api/hooks", { ...hook, tool_use_id: "a" }),
    post("/api/hooks", { ...hook, tool_use_id: "b" }, ofRun),
    post("/api/sessions", { projectType: "local", projectPath: app.folder, initialPrompt: "hello" }),
    post(`/api/sessions/${ANY}/messages`, { content: "hello" }),
    ...["/api/sessions", `/api/runs/${ANY}`, "/api/events?after=0", "/api/usage", "/api/status", "/metrics"].map(
      (path) => app.fetch(path),
    ),
  ];

  await postgres.kill();
  const answers = await Promise.all(asked());
  for (const answer of answers) {
    expect([answer.url, answer.status, Number(answer.headers.get("retry-after")) > 0]).toEqual([answer.url, 503, true]);
    expect(await answer.json()).toMatchObject({ code: "unavailable", statusCode: 503 });
  }
  expect((await app.fetch("/health")).status).toBe(200);

  await postgres.start();
  await expect.poll(async () => (await app.fetch("/api/sessions")).status, { timeout: BACK_MS }).toBe(200);
  await expect
    .poll(async () => (await post("/api/hooks", { ...hook, tool_use_id: "a" })).status, { timeout: BACK_MS })
    .toBe(204);
  expect((await post("/api/hooks", hook, ofRun)).status, "a token that nobody gave out").toBe(401);
  const kept = await db.selectFrom("commandLogs").select("toolUseId").execute();
  expect(
    kept.map(({ toolUseId }) => toolUseId),
    "what was answered with 503 was not taken in",
  ).toEqual(["a"]);
});
