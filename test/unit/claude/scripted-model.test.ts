import { afterAll, beforeAll, expect, test } from "vitest";
import { startScriptedModel, type ScriptedModel } from "../../../demo/scripted-model.ts";

let model: ScriptedModel;
beforeAll(async () => {
  model = await startScriptedModel({
    pace: { letters: 5 },
    scenarios: [({ text, step }) => (text.includes("the demo") ? { text: `demo step ${step}` } : undefined)],
  });
});
afterAll(() => model[Symbol.asyncDispose]());

const headers = {
  "x-api-key": "k",
  "anthropic-version": "2023-06-01",
  "content-type": "application/json",
  "x-claude-code-session-id": "s1",
};
const user = (content: unknown) => ({ role: "user", content });
const result = (id: string) => user([{ type: "tool_result", tool_use_id: id, content: "ok" }]);
const call = (id: string) => ({ role: "assistant", content: [{ type: "tool_use", id, name: "Bash", input: {} }] });

const post = (messages: unknown, more: object = {}, extra: Record<string, string> = {}) =>
  fetch(`${model.url}/v1/messages?beta=true`, {
    method: "POST",
    headers: { ...headers, ...extra },
    body: JSON.stringify({ model: "claude-x", max_tokens: 100, messages, ...more }),
  });

interface Answer {
  content: { type: string; text?: string; name?: string; input?: object }[];
  stop_reason: string;
  usage: { input_tokens: number; output_tokens: number };
}
const ask = async (...messages: unknown[]) => (await (await post(messages)).json()) as Answer;

test("a prompt without a script is said back", async () => {
  const answer = await ask(user("Hello there\nsecond line"));
  expect(answer).toMatchObject({
    content: [{ type: "text", text: "You said: “Hello there”" }],
    stop_reason: "end_turn",
  });
  expect(answer.usage.input_tokens).toBeGreaterThan(10);
});

test("a script in the prompt is played step by step, counted in the conversation alone", async () => {
  const prompt = user('Do MOCK[{"bash":"ls [a]"},{"write":{"path":"/a","content":"x]"}},{"text":"end"}] please');
  expect(await ask(prompt)).toMatchObject({
    content: [{ name: "Bash", input: { command: "ls [a]" } }],
    stop_reason: "tool_use",
  });
  expect(await ask(prompt, call("t1"), result("t1"))).toMatchObject({
    content: [{ name: "Write", input: { file_path: "/a", content: "x]" } }],
  });
  expect((await ask(prompt, call("t1"), result("t1"), call("t2"), result("t2"))).content).toMatchObject([
    { text: "end" },
  ]);
  const over = [call("t1"), result("t1"), call("t2"), result("t2"), call("t3"), result("t3")];
  expect((await ask(prompt, ...over)).content).toMatchObject([{ text: "Done." }]);
});

test("the newest words of the user decide; what the CLI adds around them does not count", async () => {
  const reminder = { type: "text", text: '<system-reminder>MOCK[{"text":"no"}]</system-reminder>' };
  const old = user('MOCK[{"text":"old"}]');
  const answer = await ask(
    old,
    { role: "assistant", content: "old" },
    user([reminder, { type: "text", text: 'MOCK[{"bash":"a"},{"text":"new"}]' }]),
    call("t1"),
    user([
      { type: "tool_result", tool_use_id: "t1", content: "ok" },
      reminder,
      { type: "text", text: "[Request interrupted by user]" },
    ]),
  );
  expect(answer.content).toMatchObject([{ text: "new" }]);
});

test("several calls, a thought and a text can be one answer", async () => {
  const step = {
    thinking: "hm",
    text: "both",
    calls: [
      { bash: "a" },
      { read: "/b" },
      { edit: { path: "/c", old: "1", new: "2" } },
      { tool: { name: "Glob", input: { pattern: "*" } } },
    ],
  };
  const { content } = await ask(user(`MOCK${JSON.stringify([step])}`));
  expect(content.map(({ type, name }) => name ?? type)).toEqual(["thinking", "text", "Bash", "Read", "Edit", "Glob"]);
});

test("a stream comes in pieces and says the same", async () => {
  const response = await post([user('MOCK[{"text":"Grüße an 👋 alle"}]')], { stream: true });
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  const events = (await response.text()).split("\n\n").flatMap((part) => {
    const data = /^data: (.*)$/m.exec(part)?.[1];
    return data === undefined ? [] : [JSON.parse(data) as { type: string; delta?: { text?: string } }];
  });
  expect([events[0]?.type, events.at(-1)?.type]).toEqual(["message_start", "message_stop"]);
  const pieces = events.flatMap(({ type, delta }) => (type === "content_block_delta" ? [delta?.text] : []));
  expect(pieces).toEqual(["Grüße", " an 👋", " alle"]);
});

test("a scenario answers prompts that have no script", async () => {
  expect((await ask(user("Show the demo"))).content).toMatchObject([{ text: "demo step 0" }]);
});

test("errors look like the real API's, with retry-after, and may pass after some tries", async () => {
  const failing = await post([user('MOCK[{"error":{"status":429,"retryAfter":7}}]')]);
  expect([failing.status, failing.headers.get("retry-after")]).toEqual([429, "7"]);
  expect(await failing.json()).toMatchObject({
    type: "error",
    error: { type: "rate_limit_error", message: "scripted 429" },
  });
  const passing = [user('MOCK[{"error":{"status":529,"times":2},"text":"at last"}]')];
  expect([(await post(passing)).status, (await post(passing)).status, (await post(passing)).status]).toEqual([
    529, 529, 200,
  ]);
});

test("a cut answer ends the connection, streamed or not", async () => {
  const prompt = [user('MOCK[{"text":"a long text that never arrives","cut":true}]')];
  await expect(post(prompt)).rejects.toThrow("fetch failed");
  await expect(post(prompt, { stream: true }).then((response) => response.text())).rejects.toThrow("terminated");
});

test.each([
  ["no key", 401, [user("x")], { extra: { "x-api-key": "" } }],
  ["no messages", 400, [], {}],
  ["a call without a result", 400, [user("x"), call("t1"), user("y")], {}],
  ["a result without a call", 400, [user("x"), result("t9")], {}],
  ["no model", 400, [user("x")], { more: { model: "" } }],
  ["a script that is no script", 400, [user('MOCK[{"bsh":"ls"}]')], {}],
  ["a script that is not closed", 400, [user('MOCK[{"bash":"ls"}')], {}],
])(
  "what the real API refuses is refused: %s",
  async (_, status, messages, { more, extra }: { more?: object; extra?: Record<string, string> }) => {
    const response = await post(messages, more, extra);
    expect([response.status, ((await response.json()) as { type: string }).type]).toEqual([status, "error"]);
  },
);

test("tokens are counted, a bearer token is as good as a key, other paths are not found", async () => {
  const body = JSON.stringify({ model: "claude-x", messages: [user("x")] });
  const bearer = { authorization: "Bearer t", "anthropic-version": "2023-06-01" };
  const counted = await fetch(`${model.url}/v1/messages/count_tokens`, { method: "POST", headers: bearer, body });
  expect(await counted.json()).toEqual({ input_tokens: expect.any(Number) });
  expect((await fetch(model.url, { method: "HEAD" })).status).toBe(200);
  expect((await fetch(`${model.url}/v1/models`)).status).toBe(404);
});

test("what was received can be looked at", async () => {
  await post([user("look at me")], { system: [{ type: "text", text: "You are. Canary." }] });
  expect(model.requests.at(-1)).toMatchObject({
    text: "look at me",
    step: 0,
    sessionId: "s1",
    model: "claude-x",
    credential: "k",
    systemTail: "You are. Canary.",
  });
});
