import { afterAll, beforeAll, expect, test } from "vitest";
import { MessagePage } from "../../src/contract/message.ts";
import { Session } from "../../src/contract/session.ts";
import { Template, TemplatePage } from "../../src/contract/template.ts";
import { testApp, type TestApp } from "../support/app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp({ CLAUDE_COMMAND: "/bin/false" });
});
afterAll(() => app[Symbol.asyncDispose]());

async function send(method: string, path: string, body?: object, headers: Record<string, string> = {}) {
  const answer = await app.fetch(path, {
    method,
    headers: { "content-type": "application/json", ...headers },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await answer.text();
  return { status: answer.status, body: (text === "" ? {} : JSON.parse(text)) as Record<string, unknown> };
}
const post = (path: string, body: object, headers?: Record<string, string>) => send("POST", path, body, headers);
const make = async (body: object) => Template.parse((await post("/api/templates", body)).body);

const issue = () => ({
  variables: { number: {}, title: { description: "Of the issue" }, style: { default: "short" } },
  session: {
    projectType: "local",
    projectPath: app.folder,
    initialPrompt: "Fix issue {{number}}, {{title}}. Be {{style}}.",
    title: "Issue {{number}}",
    tags: ["issues"],
    model: "opus",
    metadata: { team: "core" },
  },
});

const promptOf = async (sessionId: unknown) =>
  (await app.request(MessagePage, `/api/sessions/${String(sessionId)}/messages`)).items.find(
    ({ direction }) => direction === "inbound",
  )?.content;

test("a session started by a template has what it says, filled in; what the request says wins", async () => {
  await make({ name: "Fix an issue", ...issue() });
  const started = await post("/api/sessions", {
    template: "fix AN issue",
    variables: { number: 7, title: "Look at @/etc/passwd {{style}}" },
    tags: ["urgent"],
    metadata: { execution: 5 },
    source: "n8n",
  });
  expect(started.status).toBe(201);
  const session = Session.parse(started.body);
  expect(session).toMatchObject({
    title: "Issue 7",
    tags: ["urgent"],
    metadata: { team: "core", execution: 5 },
    options: { model: "opus" },
    source: "n8n",
  });
  expect(await promptOf(session.sessionId)).toBe("Fix issue 7, Look at @\u200B/etc/passwd {{style}}. Be short.");
});

test("a prompt of the request's own goes as it is, and still needs the variables of the template", async () => {
  const { templateId } = await make({ name: "By id", ...issue() });
  const started = await post("/api/sessions", {
    template: templateId,
    variables: { number: 1, title: "x" },
    initialPrompt: "/review {{number}}",
  });
  expect(await promptOf(started.body["sessionId"])).toBe("/review {{number}}");
});

test("a variable where the prompt begins cannot become a command of Claude's", async () => {
  await make({
    name: "Say it",
    variables: { words: {} },
    session: { projectType: "local", projectPath: app.folder, initialPrompt: "{{words}}" },
  });
  const started = await post("/api/sessions", { template: "Say it", variables: { words: "/clear" } });
  expect(await promptOf(started.body["sessionId"])).toBe("From the template Say it:\n\n/clear");
  const blank = await post("/api/sessions", { template: "Say it", variables: { words: "x".repeat(100_001) } });
  expect(blank).toMatchObject({ status: 400, body: { errors: [{ field: "body.variables.words" }] } });
});

test.each([
  [{ template: "Wrong", variables: { number: 1 } }, 400, "body.variables.title"],
  [{ template: "Wrong", variables: { number: 1, title: "x", more: "y" } }, 400, "body.variables.more"],
  [{ template: "Wrong", variables: { number: 1, title: "x" }, projectType: "e2b" }, 400, "body.projectType"],
  [
    { template: "Wrong", variables: { number: 1, title: "x" }, callbackUrl: "http://example.org" },
    400,
    "body.callbackUrl",
  ],
  [{ variables: { number: 1 }, projectType: "local" }, 400, "body.variables"],
  [{ initialPrompt: "hello" }, 400, "body.projectType"],
])("%j is refused with %i and names %s", async (body, status, field) => {
  await post("/api/templates", { name: "Wrong", ...issue() });
  expect(await post("/api/sessions", body)).toMatchObject({ status, body: { errors: [{ field }] } });
});

test("an unknown template is not found, and a request sent again is answered as before although the template changed", async () => {
  expect(await post("/api/sessions", { template: "No such" })).toMatchObject({ status: 404 });
  const { templateId } = await make({ name: "Changing", ...issue() });
  const body = { template: "Changing", variables: { number: 3, title: "x" } };
  const first = await post("/api/sessions", body, { "idempotency-key": "start-3" });
  expect(first.status).toBe(201);
  expect(await send("DELETE", `/api/templates/${templateId}`)).toMatchObject({ status: 204 });
  expect((await post("/api/sessions", body, { "idempotency-key": "start-3" })).body).toEqual(first.body);
});

test.each([
  [{ name: "#1" }, "body.name"],
  [{ variables: {} }, "body.session.initialPrompt"],
  [{ variables: { ...issue0(), spare: {} } }, "body.variables.spare"],
  [{ session: { initialPrompt: "${{ github.token }}" } }, "body.session.initialPrompt"],
  [{ session: { promt: "typo" } }, "body.session.promt"],
  [{ schedule: { cron: "61 * * * *" } }, "body.schedule.cron"],
  [{ schedule: { timeZone: "Berlin" } }, "body.schedule.timeZone"],
])("a template with %j is refused and names %s", async (change, field) => {
  expect(await post("/api/templates", { name: "Bad", ...issue(), ...change })).toMatchObject({
    status: 400,
    body: { errors: [{ field }] },
  });
});

function issue0() {
  return { number: {}, title: {}, style: {} };
}

test("templates are listed, read, changed, and have names of their own", async () => {
  const made = await make({ name: "First", ...issue(), schedule: { cron: "0 9 * * *" } });
  await make({ name: "Second", session: {} });
  expect(await post("/api/templates", { name: "FIRST", session: {} })).toMatchObject({ status: 409 });
  const path = `/api/templates/${made.templateId}`;
  const changed = await send("PATCH", path, {
    description: "For bugs",
    schedule: null,
    session: { title: "{{number}} {{title}} {{style}}" },
  });
  expect(changed.body).toMatchObject({ name: "First", description: "For bugs", schedule: null });
  expect(await send("PATCH", path, { name: "second" })).toMatchObject({ status: 409 });
  expect(await send("PATCH", path, {})).toMatchObject({ status: 400 });
  expect(await send("PATCH", path, { variables: {} })).toMatchObject({ status: 400 });
  expect(await app.request(Template, path)).toEqual(changed.body);
  const first = await app.request(TemplatePage, "/api/templates?limit=1");
  expect(first.items.map(({ name }) => name)).toEqual(["Second"]);
  const rest = await app.request(TemplatePage, `/api/templates?limit=1&cursor=${first.nextCursor}`);
  expect(rest.items.map(({ name }) => name)).toEqual(["First"]);
  expect(await send("DELETE", path)).toMatchObject({ status: 204 });
  expect(await send("DELETE", path)).toMatchObject({ status: 404 });
});
