import { afterAll, beforeAll, expect, test } from "vitest";
import { Problem } from "../../src/contract/problem.ts";
import { testApp, type TestApp } from "../support/app.ts";

/* What callers get wrong, and what n8n then shows them: one line that names the field and the rule. */

const NOBODY = "00000000-0000-4000-8000-000000000000";
let app: TestApp;
let sessionId: string;
beforeAll(async () => {
  app = await testApp();
  ({ sessionId } = await app.start({ projectType: "local", projectPath: app.folder }));
});
afterAll(() => app[Symbol.asyncDispose]());

async function ask(method: string, path: string, body?: object): Promise<Problem> {
  const answer = await app.fetch(path.replace(":id", sessionId), {
    method,
    headers: { "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  return Problem.parse(await answer.json());
}

const github = { projectType: "github" };
test.each([
  [{}, "body.projectType is required"],
  [{ projectType: "gihub" }, "body.projectType must be one of github, local, worktree"],
  [github, "body.githubRepo is required for projectType github"],
  [{ ...github, githubRepo: "not a repo" }, "body.githubRepo must not hold spaces"],
  [{ ...github, githubRepo: "owner" }, "body.githubRepo must be owner/repo, an https or ssh URL, or user@host:path"],
  [{ projectType: "local" }, "body.projectPath is required"],
  [{ projectType: "local", title: { length: { toString: null, valueOf: null } } }, "body is not valid"],
  [{ projectType: "local", projectPath: "work" }, "body.projectPath must be an absolute path"],
  [{ projectType: "local", projectPath: "/nowhere" }, "body.projectPath does not exist on the server"],
])("a session made of %j: %s", async (body, message) => {
  expect(await ask("POST", "/api/sessions", body)).toMatchObject({ statusCode: 400, message, error: message });
});

const LOCAL_ONLY =
  "must be on this machine (127.0.0.1, ::1 or localhost): OUTBOUND_URLS and N8N_WEBHOOK_BASE, which allow others, are not set";
test.each([
  [{ prompt: "x" }, "body.prompt is not a known field"],
  [{ initialPrompt: " " }, "body.initialPrompt must not be blank"],
  [{ wait: 5 }, "body.wait needs initialPrompt: without one there is no run to wait for"],
  [{ initialPrompt: "x", wait: 900 }, "body.wait must be at most 300"],
  [{ initialPrompt: "x", callbackUrl: "https://example.com/" }, `body.callbackUrl ${LOCAL_ONLY}`],
  [{ maxBudgetUsd: "5" }, "body.maxBudgetUsd must be a number, not a text"],
  [{ maxBudgetUsd: 0 }, "body.maxBudgetUsd must be more than 0"],
  [{ sessionBudgetUsd: -1 }, "body.sessionBudgetUsd must be more than 0"],
  [{ maxTurns: 1.5 }, "body.maxTurns must be a whole number"],
  [{ timeoutSeconds: 1_000_000 }, "body.timeoutSeconds must be at most 82800"],
  [{ tags: "one" }, "body.tags must be a list, not a text"],
  [{ metadata: [] }, "body.metadata must be an object, not a list"],
  [{ branch: "a b" }, "body.branch must be a git branch name"],
  [
    { permissionMode: "bypassPermissions" },
    "body.permissionMode bypassPermissions is switched off on this server (ALLOW_BYPASS=1 allows it)",
  ],
])("a session in a folder with %j: %s", async (more, message) => {
  const body = { projectType: "local", projectPath: app.folder, ...more };
  expect(await ask("POST", "/api/sessions", body)).toMatchObject({ statusCode: 400, message, error: message });
});

test.each([
  [":id", {}, 400, "body.content is required"],
  [":id", { message: "hi" }, 400, "body.content is required; body.message is not a known field"],
  [NOBODY, { content: "x" }, 404, `There is no session ${NOBODY}`],
  // What a workflow sends whose expression found nothing.
  ["undefined", { content: "x" }, 400, "params.id must be a UUID"],
])("a message to %s with %j: %i %s", async (id, body, statusCode, message) => {
  expect(await ask("POST", `/api/sessions/${id}/messages`, body)).toMatchObject({
    statusCode,
    message,
    error: message,
  });
});

test.each([
  ["GET", `/api/sessions/${NOBODY}`, 404, `There is no session ${NOBODY}`],
  ["GET", `/api/runs/${NOBODY}/result`, 404, `There is no run ${NOBODY}`],
  ["GET", `/api/runs/${NOBODY}/result?wait=999`, 400, "query.wait must be at most 300"],
  ["GET", "/api/sessions?state=failed", 400, "query.state is not a known parameter"],
  ["GET", "/api/sessions?status=done", 400, /^query\.status\[0\] must be one of created, queued, /u],
  ["GET", `/api/session/${NOBODY}`, 404, `There is no GET /api/session/${NOBODY} here`],
  ["DELETE", `/api/subscriptions/${NOBODY}`, 404, `There is no subscription ${NOBODY}`],
])("%s %s: %i %s", async (method, path, statusCode, message) => {
  expect(await ask(method, path)).toMatchObject({ statusCode, message: expect.stringMatching(message) });
});

test("what an archived session can no longer become is said", async () => {
  await app.fetch(`/api/sessions/${sessionId}`, {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ status: "archived" }),
  });
  expect(await ask("PATCH", "/api/sessions/:id", { status: "failed" })).toMatchObject({
    statusCode: 409,
    message: "A session that is archived cannot become failed",
  });
});
