import fc from "fast-check";
import { expect, test } from "vitest";
import { readHook, type HookDoor } from "../../../src/hooks/hook-body.ts";
import { AppError } from "../../../src/lib/errors.ts";

const native = (more: object) =>
  readHook(JSON.stringify({ session_id: "s", hook_event_name: "PostToolUse", tool_name: "T", ...more }), "hooks");

/** The id of the record, or the fields an error names; any other error is given as it is. */
const outcome = (text: string, door: HookDoor): unknown => {
  try {
    return readHook(text, door).claudeSessionId;
  } catch (error) {
    return error instanceof AppError && error.errors.length > 0 ? error.errors.map(({ field }) => field).join() : error;
  }
};

test("each tool event becomes a call with the status the event means", () => {
  const statuses = ["PreToolUse", "PostToolUse", "PostToolUseFailure", "PermissionDenied"].map(
    (event) => native({ hook_event_name: event }).news,
  );
  expect(statuses).toMatchObject([
    { call: { status: "running" } },
    { call: { status: "succeeded" } },
    { call: { status: "failed" } },
    { call: { status: "denied" } },
  ]);
});

test("a call without an answer has no result, one with an empty answer has an empty one", () => {
  expect(native({ tool_response: undefined }).news).toMatchObject({ call: { result: null } });
  expect(native({ tool_response: { stdout: "", stderr: "" } }).news).toMatchObject({ call: { result: "" } });
});

test("a text longer than the ledger keeps is cut with a mark", () => {
  const { news } = native({ tool_response: "a".repeat(70_000) });
  expect(news).toMatchObject({
    call: { result: expect.stringMatching(/a… \[cut: 4464 more characters\]$/u) as string },
  });
});

test("the open calls of a batch count as refused, those with a tool's error as failed", () => {
  const tool_calls = [
    { tool_name: "Bash", tool_use_id: "1", tool_response: "needs approval" },
    { tool_name: "Edit", tool_use_id: "2", tool_response: "<tool_use_error>no such file</tool_use_error>" },
    { tool_name: "Read" },
    "nonsense",
  ];
  expect(native({ hook_event_name: "PostToolBatch", tool_calls }).news).toMatchObject({
    kind: "batch",
    calls: [{ status: "denied" }, { status: "failed" }],
  });
});

test("absurd durations are stored as what an integer can hold", () => {
  expect(native({ duration_ms: 1e300 }).news).toMatchObject({ call: { durationMs: 2_147_483_647 } });
  expect(native({ duration_ms: 1.6 }).news).toMatchObject({ call: { durationMs: 2 } });
  expect(() => native({ duration_ms: -1 })).toThrow("body.duration_ms must not be negative");
});

test("a key named __proto__ is data", () => {
  const { news } = readHook(
    '{"session_id":"s","hook_event_name":"PostToolUse","tool_name":"T","tool_input":{"__proto__":{"a":1}}}',
    "hooks",
  );
  expect(JSON.stringify(news)).toContain('"__proto__":{"a":1}');
});

test("nesting without end is cut, not followed", () => {
  const deep = `${"[".repeat(5_000)}${"]".repeat(5_000)}`;
  const { news } = readHook(
    `{"session_id":"s","hook_event_name":"PostToolUse","tool_name":"T","tool_input":${deep}}`,
    "hooks",
  );
  expect(JSON.stringify(news)).toContain("[cut]");
});

test("any JSON at any door gives a record or an error that names a field", () => {
  const events = fc.constantFrom(
    "PostToolUse",
    "PreToolUse",
    "PostToolBatch",
    "Stop",
    "UserPromptSubmit",
    "Notification",
    "Else",
  );
  const body = fc.record(
    {
      session_id: fc.oneof(fc.string(), fc.jsonValue()),
      hook_event_name: fc.oneof(events, fc.jsonValue()),
      session: fc.jsonValue(),
      tool: fc.jsonValue(),
      result: fc.jsonValue(),
      message: fc.jsonValue(),
      tool_name: fc.oneof(fc.string(), fc.jsonValue()),
      tool_input: fc.jsonValue(),
      tool_response: fc.jsonValue(),
      tool_calls: fc.jsonValue(),
      prompt: fc.jsonValue(),
      duration_ms: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  const doors = fc.constantFrom<HookDoor[]>("hooks", "tool-complete", "notification");
  fc.assert(
    fc.property(fc.oneof(body, fc.jsonValue()), doors, (value, door) => {
      expect(outcome(JSON.stringify(value), door)).toEqual(expect.stringMatching(/./su));
    }),
  );
});
