import { afterAll, beforeAll, expect, test } from "vitest";
import { testApp, type TestApp } from "../support/app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp({ CLAUDE_COMMAND: "/bin/false" });
});
afterAll(() => app[Symbol.asyncDispose]());

const post = (path: string, body: object, key: string) =>
  app.fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": key },
    body: JSON.stringify(body),
  });

const count = async (table: "sessions" | "runs" | "sessionMessages") =>
  (
    await app.db
      .selectFrom(table)
      .select((eb) => eb.fn.countAll<number>().as("n"))
      .executeTakeFirstOrThrow()
  ).n;

test("the same create request, sent many times at once and later again, makes one session and gets one answer", async () => {
  const body = { projectType: "local", projectPath: app.folder, initialPrompt: "hello" };
  const answers = await Promise.all(
    Array.from({ length: 8 }, async () => (await post("/api/sessions", body, "key-1")).json()),
  );
  await app.restart();
  answers.push(await (await post("/api/sessions", body, "key-1")).json());
  for (const answer of answers) expect(answer).toEqual(answers[0]);
  expect(await count("sessions")).toBe(1);
  expect(await count("runs")).toBe(1);
});

test("the same key with another request is a conflict", async () => {
  const body = { projectType: "local", projectPath: app.folder, title: "one" };
  expect((await post("/api/sessions", body, "key-2")).status).toBe(201);
  const other = await post("/api/sessions", { ...body, title: "two" }, "key-2");
  expect(other.status).toBe(409);
  expect(await other.json()).toMatchObject({ code: "conflict", message: expect.stringContaining("key-2") });
});

test("a message delivered five times is one message and one run", async () => {
  const created = await (
    await post("/api/sessions", { projectType: "local", projectPath: app.folder }, "key-3")
  ).json();
  const { sessionId } = created as { sessionId: string };
  const before = { messages: await count("sessionMessages"), runs: await count("runs") };
  const path = `/api/sessions/${sessionId}/messages`;
  const answers = await Promise.all(
    Array.from({ length: 5 }, async () => (await post(path, { content: "again" }, "m-1")).json()),
  );
  for (const answer of answers) expect(answer).toEqual(answers[0]);
  const inbound = await app.db
    .selectFrom("sessionMessages")
    .select("id")
    .where("sessionId", "=", sessionId)
    .where("direction", "=", "inbound")
    .execute();
  expect(inbound).toHaveLength(1);
  expect(await count("runs")).toBe(before.runs + 1);
});

test("a key that is no key is refused by name", async () => {
  const response = await post("/api/sessions", { projectType: "local", projectPath: app.folder }, "has space");
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ errors: [{ field: "header.Idempotency-Key" }] });
});
