import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseStreamLine, type BlockMemory, type StreamEvent } from "../../../src/claude/claude-stream.ts";
import { eventsOf, fixtureLine, fixtureStream } from "../../support/claude-fixtures.ts";

const only = <T extends StreamEvent["type"]>(events: readonly StreamEvent[], type: T) =>
  events.filter((event): event is Extract<StreamEvent, { type: T }> => event.type === type);
const user = (content: unknown, rest: object = {}) =>
  JSON.stringify({ type: "user", message: { role: "user", content }, parent_tool_use_id: null, ...rest });
const assistant = (id: string, ...content: object[]) =>
  JSON.stringify({ type: "assistant", message: { id, content }, parent_tool_use_id: null });
const result = (content: unknown) =>
  only(eventsOf([user([{ type: "tool_result", tool_use_id: "t1", content }])]), "toolResult")[0]?.result;

test("a run with a tool call reads as start, texts, call, result, end", () => {
  const events = eventsOf(fixtureStream("stream-bash.jsonl")).filter(({ type }) => type !== "promptTaken");
  expect(events).toMatchObject([
    {
      type: "started",
      model: "claude-opus-5-5",
      version: "2.1.329",
      permissionMode: "default",
      cwd: "/workspace/proj",
    },
    { type: "text", text: "I will run it", block: 0, agent: null },
    { type: "toolCall", tool: "Bash", input: { command: "echo hi; pwd", description: "mock bash" }, agent: null },
    { type: "toolResult", result: "hi\n/workspace/proj", isError: false, denied: false },
    { type: "text", text: "done", block: 0 },
    {
      type: "result",
      subtype: "success",
      isError: false,
      answer: "done",
      turns: 2,
      turnCostUsd: 0.0016,
      usage: { inputTokens: 200, outputTokens: 40 },
    },
  ]);
});

test("the pieces of a live text and its final text have the same message and block", () => {
  const events = eventsOf(fixtureStream("partial.jsonl"));
  const [first, second] = only(events, "text");
  const pieces = only(events, "textDelta").filter(({ messageId }) => messageId === first?.messageId);
  expect(pieces).toHaveLength(3);
  expect(pieces.map(({ block }) => block)).toEqual([0, 0, 0]);
  expect(pieces.map(({ text }) => text).join("")).toBe(first?.text);
  expect(first?.block).toBe(0);
  expect(second).toMatchObject({ text: "done", block: 0 });
});

test("blocks without live text are counted: thinking and unknown ones take a number", () => {
  const lines = [
    assistant("m1", { type: "thinking", thinking: "hm" }),
    assistant("m1", { type: "text", text: "a" }),
    assistant("m1", { type: "tool_use", id: "t1", name: "Bash", input: {} }),
    assistant("m1", { type: "text", text: "b" }),
    assistant("m2", { type: "text", text: "c" }),
  ];
  expect(only(eventsOf(lines), "text").map(({ messageId, block }) => `${messageId} ${block}`)).toEqual([
    "m1 1",
    "m1 3",
    "m2 0",
  ]);
});

const blockStart = (id: string, index: number, agent: string) =>
  JSON.stringify({
    type: "stream_event",
    api_message_id: id,
    parent_tool_use_id: agent,
    event: { type: "content_block_start", index },
  });
const textOf = (id: string, agent: string) =>
  JSON.stringify({
    type: "assistant",
    parent_tool_use_id: agent,
    message: { id, content: [{ type: "text", text: id }] },
  });

test("subagents that write at the same time keep their own block numbers and are told apart", () => {
  const texts = only(
    eventsOf([blockStart("a", 2, "t1"), blockStart("b", 5, "t2"), textOf("b", "t2"), textOf("a", "t1")]),
    "text",
  );
  expect(texts.map(({ block, agent }) => [block, agent])).toEqual([
    [5, "t2"],
    [2, "t1"],
  ]);
});

test("block numbers do not grow in memory without end", () => {
  const blocks: BlockMemory = new Map();
  for (let at = 0; at < 1_000; at++) parseStreamLine(assistant(`m${at}`, { type: "text", text: "x" }), blocks);
  expect(blocks.size).toBeLessThanOrEqual(64);
});

test("a tool result is one text, whatever it was made of", () => {
  expect(result("plain")).toBe("plain");
  expect(
    result([
      { type: "text", text: "a" },
      { type: "image", source: {} },
      { type: "text", text: "b" },
    ]),
  ).toBe("a\n[image]\nb");
  expect(result(undefined)).toBe("");
  expect(result([{ type: "tool_reference", tool_name: "x" }, "bare", { odd: 1 }])).toBe(
    '[tool_reference]\nbare\n{"odd":1}',
  );
  expect(result("x".repeat(100_000))).toMatch(/… \[cut: 34464 more characters\]$/);
  expect(result("nul \u0000 here")).toBe("nul \uFFFD here");
});

const failedBlock = (content: string) => [{ type: "tool_result", tool_use_id: "t1", content, is_error: true }];
const decided = (decision: string) => ({ tool_result_meta: [{ id: "t1", permission_decision: { decision } }] });

const denied = (content: string, rest: object = {}) =>
  only(eventsOf([user(failedBlock(content), rest)]), "toolResult")[0]?.denied;

test("a refused tool call is told from one that failed, also by versions that only say so in words", () => {
  expect(denied("needs approval", decided("reject"))).toBe(true);
  expect(denied("This command requires approval", decided("accept"))).toBe(false);
  expect(denied("This command requires approval")).toBe(true);
  expect(denied("Claude requested permissions to write to /etc/xx, but you haven't granted it yet.")).toBe(true);
  expect(denied("Exit code 1\nThis command requires approval")).toBe(false);
});

test("an API retry tells attempt, wait and status", () => {
  expect(parseStreamLine(fixtureLine("event-api_retry.json"))).toEqual([
    { type: "retry", attempt: 1, maxRetries: 1, delayMs: 536, status: 529, error: "overloaded" },
  ]);
});

test("a usage limit of a subscription is an event", () => {
  const line = {
    type: "rate_limit_event",
    rate_limit_info: { status: "rejected", resetsAt: 1_795_000_000, rateLimitType: "five_hour" },
  };
  expect(parseStreamLine(JSON.stringify(line))).toEqual([
    { type: "limit", status: "rejected", resetsAt: 1_795_000_000, limitType: "five_hour" },
  ]);
});

test("our line coming back says that the prompt was taken in, the answer of a control request does not", () => {
  const replay = eventsOf(fixtureStream("sj-replay.jsonl"));
  expect(replay[0]).toEqual({ type: "inputTaken", uuid: "aaaaaaaa-1111-4111-8111-111111111111" });
  expect(replay.map(({ type }) => type)).toContain("promptTaken");
  const output = user("<local-command-stdout>Set model</local-command-stdout>", { isReplay: true });
  expect(parseStreamLine(output)).toEqual([]);
});

test("an interrupted turn and the good one after it are two results with their own cost", () => {
  const results = only(eventsOf(fixtureStream("sj-interrupt.jsonl")), "result");
  expect(results).toMatchObject([
    {
      subtype: "error_during_execution",
      isError: true,
      terminalReason: "aborted_streaming",
      totalCostUsd: 0.0015,
      turnCostUsd: 0.0015,
    },
    { subtype: "success", isError: false, answer: "after interrupt", totalCostUsd: 0.0023, turnCostUsd: 0.0008 },
  ]);
});

test("denials carry what was asked for", () => {
  const line = {
    ...(JSON.parse(fixtureLine("event-result.json")) as object),
    permission_denials: [{ tool_name: "Bash", tool_use_id: "t1", tool_input: { command: "rm x" } }],
  };
  expect(only(parseStreamLine(JSON.stringify(line)), "result")[0]?.denials).toEqual([
    { tool: "Bash", toolUseId: "t1", input: { command: "rm x" } },
  ]);
});

test("what is unknown, broken or not JSON gives no event and no error", () => {
  const lines = [
    "",
    "not json",
    "{",
    "null",
    "[]",
    "42",
    '{"type":"transcript_mirror"}',
    '{"type":"system","subtype":"hook_started"}',
    '{"type":"assistant"}',
    '{"type":"assistant","message":null}',
    '{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{"}}}',
    '{"type":"line_skipped","bytes":99}',
  ];
  expect(lines.flatMap((line) => parseStreamLine(line))).toEqual([]);
});

test("fields of another type than expected become harmless values", () => {
  const [event] = parseStreamLine(
    '{"type":"result","subtype":7,"is_error":"?","num_turns":"x","errors":"no","usage":[],"permission_denials":{}}',
  );
  expect(event).toMatchObject({
    type: "result",
    subtype: "",
    isError: true,
    turns: 0,
    errors: [],
    denials: [],
    usage: { inputTokens: 0 },
  });
});

test("every captured stream reads without an error and ends in a result, but for the one that waits for a person", () => {
  const folder = join(import.meta.dirname, "../../fixtures/claude-cli");
  const names = readdirSync(folder).filter((name) => /^(?:sj-|stream-|partial).*\.jsonl$/.test(name));
  expect(names.length).toBeGreaterThan(6);
  for (const name of names) {
    const types = new Set(eventsOf(fixtureStream(name)).map(({ type }) => type));
    expect([name, types.has("started"), types.has("result")]).toEqual([name, true, name !== "sj-notif.jsonl"]);
  }
});
