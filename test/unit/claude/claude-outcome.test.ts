import { expect, test } from "vitest";
import { addEvidence, noEvidence, type Evidence } from "../../../src/claude/claude-evidence.ts";
import { judge } from "../../../src/claude/claude-outcome.ts";
import { evidenceOf, fixtureLine, fixtureStream } from "../../support/claude-fixtures.ts";

/** The evidence of a life that printed these lines and ended with this code. */
const after = (lines: readonly string[], exitCode: number | undefined, rest: Partial<Evidence> = {}): Evidence => ({
  stream: evidenceOf(lines),
  exitCode,
  stderr: "",
  ended: null,
  limits: {},
  previousCostUsd: 0,
  ...rest,
});
const bashStream = fixtureStream("stream-bash.jsonl");
const good = JSON.parse(fixtureLine("event-result.json")) as Record<string, unknown>;
const resultLine = (fields: object): string => JSON.stringify({ ...good, ...fields });
/** An API failure as 2.1.329 prints it, texts and fields as captured. */
const apiError = (status: number | null, text: string, terminal = "api_error") =>
  resultLine({ is_error: true, result: text, api_error_status: status, terminal_reason: terminal });

test("exit 0 with a good result is a success with answer, cost, usage and times", () => {
  expect(judge(after(bashStream, 0))).toEqual({
    reason: "success",
    error: null,
    structuredOutput: null,
    answer: "done",
    costUsd: 0.0016,
    cumulativeCostUsd: 0.0016,
    usage: { inputTokens: 200, outputTokens: 40, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 },
    model: "claude-opus-5-5",
    version: "2.1.329",
    turns: 2,
    durationMs: 210,
    apiDurationMs: 66,
    firstTokenMs: 126,
    denials: [],
    limitUntil: null,
  });
});

test.each([
  ["another exit code", [fixtureLine("event-result.json")], 1],
  ["no result", bashStream.slice(0, -1), 0],
  ["an error in the result although its subtype is success", [resultLine({ is_error: true })], 0],
  ["another subtype", [resultLine({ subtype: "error_during_execution" })], 0],
  ["a turn that began after the last result", [...bashStream, fixtureLine("event-init.json")], 0],
  ["no exit code", bashStream, undefined],
])("it is no success with %s", (_, lines, exitCode) => {
  const { reason, error } = judge(after(lines, exitCode));
  expect(reason).not.toBe("success");
  expect(error).toMatch(/\w{3}/);
});

test.each([
  [400, "API Error: 400 mock 400", "api_error", /refused the request \(status 400\)/],
  [401, "Failed to authenticate. API Error: 401 scripted 401", "not_logged_in", /ANTHROPIC_API_KEY/],
  [403, "Failed to authenticate. API Error: 403 scripted 403", "not_logged_in", /log in/],
  [404, "There's an issue with the selected model (x). It may not exist", "api_error", /status 404.*selected model/],
  [429, "API Error: Request rejected (429) · scripted 429", "usage_limit", /usage limit/],
  [500, "API Error: 500 scripted 500", "api_overloaded", /status 500/],
  [529, "API Error: 529 Overloaded", "api_overloaded", /try again/],
  [null, "API Error: Unable to connect to API (ECONNREFUSED)", "api_unreachable", /ANTHROPIC_BASE_URL.*ECONNREFUSED/],
])("an API failure with status %s (%s) is %s", (status, text, reason, told) => {
  const outcome = judge(after([apiError(status, text)], 1));
  expect(outcome).toMatchObject({ reason, answer: null });
  expect(outcome.error).toMatch(told);
});

test("the captured failures of the real CLI are what they are", () => {
  expect(judge(after([fixtureLine("result-err-400.json")], 1))).toMatchObject({ reason: "api_error", costUsd: 0 });
  const overloaded = judge(after([fixtureLine("event-api_retry.json"), fixtureLine("result-retries-1.json")], 1));
  expect(overloaded.reason).toBe("api_overloaded");
  expect(overloaded.error).toContain("tried 2 times");
});

test.each([
  [413, "Request too large (max 32MB).", "image_error"],
  [400, "Prompt is too long · the request is ~300000 tokens (limit 200000)", "prompt_too_long"],
  [null, "Prompt is too long", "blocking_limit"],
])("a message that is too long (%s, %s) is a refused prompt", (status, text, terminal) => {
  const outcome = judge(after([apiError(status, text, terminal)], 1));
  expect(outcome.reason).toBe("prompt_refused");
  expect(outcome.error).toMatch(/too long for the model/);
});

test("not logged in is told with what to do", () => {
  const outcome = judge(after([resultLine({ is_error: true, result: "Not logged in · Please run /login" })], 1));
  expect(outcome.reason).toBe("not_logged_in");
  expect(outcome.error).toMatch(/`claude` once and log in, or set ANTHROPIC_API_KEY/);
});

test("the limits of turns and money name the number and how to raise it", () => {
  const turns = judge(after([fixtureLine("result-max-turns.json")], 1, { limits: { maxTurns: 2 } }));
  expect(turns).toMatchObject({ reason: "max_turns", turns: 3, costUsd: 0.0016 });
  expect(turns.error).toMatch(/limit of 2 turns. Raise maxTurns/);
  expect(judge(after([fixtureLine("result-max-turns.json")], 1)).error).toContain("limit of 2 turns");
  const budget = judge(after([fixtureLine("result-max-budget.json")], 1, { limits: { maxBudgetUsd: 0.5 } }));
  expect(budget).toMatchObject({ reason: "budget", costUsd: 0.8 });
  expect(budget.error).toMatch(/budget of \$0.5. Raise maxBudgetUsd/);
});

test("a conversation that Claude does not have is told by stream and by stderr alike", () => {
  expect(judge(after([fixtureLine("result-resume-unknown-sj.json")], 1)).reason).toBe("unknown_claude_session");
  const stderr = "No conversation found with session ID: 99999999-9999-4999-8999-999999999999";
  expect(judge(after([], 1, { stderr })).reason).toBe("unknown_claude_session");
});

test("a usage limit says until when, from the limit event or from the text", () => {
  const limit = JSON.stringify({
    type: "rate_limit_event",
    rate_limit_info: { status: "rejected", resetsAt: 1_795_000_000 },
  });
  const failed = apiError(429, "You've hit your session limit");
  expect(judge(after([limit, failed], 1))).toMatchObject({
    reason: "usage_limit",
    limitUntil: "2026-11-18T11:06:40.000Z",
  });
  const text = apiError(null, "Claude AI usage limit reached|1795000000");
  expect(judge(after([text], 1)).error).toContain("It ends at 2026-11-18T11:06:40.000Z");
  expect(judge(after([apiError(429, "API Error: 429")], 1)).limitUntil).toBeNull();
  const absurd = JSON.stringify({ type: "rate_limit_event", rate_limit_info: { status: "rejected", resetsAt: 9e99 } });
  expect(judge(after([absurd, failed], 1)).limitUntil).toBeNull();
});

test("a limit event of an earlier moment does not turn a success into a failure", () => {
  const limit = JSON.stringify({ type: "rate_limit_event", rate_limit_info: { status: "rejected", resetsAt: 1 } });
  expect(judge(after([limit, ...bashStream], 0)).reason).toBe("success");
});

test.each([
  ["stopped", "stopped", /Send a message to go on/],
  ["timeout", "timeout", /after 60 seconds. Raise timeoutSeconds/],
  ["output_too_large", "output_too_large", /output grew too large/],
] as const)(
  "what we ended ourselves (%s) is told as that, whatever exit code and result it left",
  (ended, reason, told) => {
    const interrupted = fixtureStream("sj-interrupt.jsonl").slice(0, 5);
    for (const [lines, exitCode] of [
      [interrupted, 1],
      [interrupted, 0],
      [[], 0],
      [[], 137],
      [[], undefined],
    ] as const) {
      const outcome = judge(after(lines, exitCode, { ended, limits: { timeoutSeconds: 60 } }));
      expect([exitCode, outcome.reason]).toEqual([exitCode, reason]);
      expect(outcome.error).toMatch(told);
    }
  },
);

test("a run that had succeeded before the stop reached it is a success", () => {
  expect(judge(after(bashStream, 0, { ended: "stopped" })).reason).toBe("success");
});

test("a Claude that was killed inside its process namespace was interrupted, whatever unshare makes of it", () => {
  const stderr = "unshare: sigprocmask unblock failed: Invalid argument\n";
  const outcome = judge(after(bashStream.slice(0, 2), 1, { stderr }));
  expect(outcome).toMatchObject({ reason: "interrupted", error: expect.stringMatching(/killed.*memory/) });
});

test.each([
  ["killed", 137, /killed.*memory/],
  ["ended by SIGTERM", 143, /interrupted from outside \(exit code 143\)/],
  ["ended by SIGINT, which exits 0 without a result", 0, /interrupted from outside/],
  ["lost", undefined, /machine restarted/],
])("a Claude that was %s was interrupted", (_, exitCode, told) => {
  const outcome = judge(after(bashStream.slice(0, 2), exitCode));
  expect(outcome).toMatchObject({
    reason: "interrupted",
    costUsd: null,
    usage: null,
    turns: null,
    model: "claude-opus-5-5",
  });
  expect(outcome.error).toMatch(told);
});

test.each([
  ["Error parsing streaming input line (type=user, 65536 chars)", 1, "interrupted", /Send it again/],
  [
    "--dangerously-skip-permissions cannot be used with root/sudo privileges for security reasons",
    1,
    "claude_error",
    /IS_SANDBOX/,
  ],
  ["error: unknown option '--frobnicate'", 1, "cli_unsupported", /CLAUDE_COMMAND/],
  ["Error: Session ID 5d1 is already in use.", 1, "claude_error", /continue it/],
  ["Error: piped stdin input exceeds 10MB", 1, "prompt_refused", /Send less/],
  ["run: 1: /opt/claude: not found", 127, "cli_missing", /set CLAUDE_COMMAND/],
  ["run: 1: /opt/claude: Permission denied", 126, "cli_missing", /could not be run/],
  ["something new went wrong", 1, "claude_error", /exit code 1: something new went wrong/],
  ["", 3, "claude_error", /exit code 3 and said nothing/],
])("without a result, stderr decides: “%s”", (stderr, exitCode, reason, told) => {
  const outcome = judge(after([], exitCode, { stderr }));
  expect(outcome.reason).toBe(reason);
  expect(outcome.error).toMatch(told);
});

test("a good result with a failed exit quotes stderr", () => {
  const outcome = judge(after([fixtureLine("event-result.json")], 1, { stderr: "classifier unreachable" }));
  expect(outcome).toMatchObject({
    reason: "claude_error",
    error: "Claude ended with exit code 1: classifier unreachable",
  });
});

test("two turns in one life: the last decides, cost, tokens, turns and time add up", () => {
  const outcome = judge(after(fixtureStream("sj-multi.jsonl"), 0));
  expect(outcome).toMatchObject({
    reason: "success",
    answer: "second",
    turns: 3,
    durationMs: 256,
    apiDurationMs: 86,
    firstTokenMs: 128,
  });
  expect(outcome.costUsd).toBeCloseTo(0.0024, 10);
  expect(outcome.usage).toMatchObject({ inputTokens: 300, outputTokens: 60 });
  const interrupted = judge(after(fixtureStream("sj-interrupt.jsonl"), 0));
  expect(interrupted).toMatchObject({ reason: "success", answer: "after interrupt" });
  expect(interrupted.costUsd).toBeCloseTo(0.0023, 10);
});

test("the cost of a run is its own, though the CLI counts the conversation's on", () => {
  const resumed = resultLine({ total_cost_usd: 1.5, duration_api_ms: 900 });
  const outcome = judge(after([resumed], 0, { previousCostUsd: 1.4984, previousApiMs: 800 }));
  expect(outcome).toMatchObject({ costUsd: 0.0016, apiDurationMs: 100 });
  expect(outcome.cumulativeCostUsd).toBeCloseTo(1.5, 10);
  const untold = resultLine({ total_cost_usd: 1.5, model_usage_since_last_result: undefined });
  expect(judge(after([untold], 0, { previousCostUsd: 1.25 })).costUsd).toBeCloseTo(0.25, 10);
  expect(judge(after([untold], 0, { previousCostUsd: 2 })).costUsd).toBe(0);
});

test("an older CLI counts from the start of its process", () => {
  const init = JSON.stringify({
    ...(JSON.parse(fixtureLine("event-init.json")) as object),
    claude_code_version: "2.1.197",
  });
  const last = resultLine({ total_cost_usd: 0.3, duration_api_ms: 50, model_usage_since_last_result: undefined });
  const outcome = judge(after([init, last], 0, { previousCostUsd: 0.25, previousApiMs: 40 }));
  expect(outcome).toMatchObject({ costUsd: 0.3, apiDurationMs: 50, cumulativeCostUsd: 0.55 });
});

test("a failed run still tells what it cost", () => {
  const outcome = judge(after([fixtureLine("result-max-turns.json")], 1, { previousCostUsd: 1 }));
  expect(outcome.usage).toMatchObject({ inputTokens: 200, outputTokens: 40 });
  expect(outcome.turns).toBe(3);
});

test("an error text never grows with what Claude said", () => {
  expect(judge(after([], 1, { stderr: "x".repeat(4_000) })).error?.length).toBeLessThan(2_100);
  expect(judge(after([apiError(400, "y".repeat(100_000))], 1)).error?.length).toBeLessThan(700);
});

test("the prompt counts as taken in when the model has answered, not when the API only failed", () => {
  expect(evidenceOf(bashStream.slice(0, 1)).promptTaken).toBe(false);
  expect(evidenceOf(bashStream.slice(0, 2)).promptTaken).toBe(true);
  expect(evidenceOf([fixtureLine("event-api_retry.json"), fixtureLine("result-retries-1.json")]).promptTaken).toBe(
    false,
  );
});

test("a life of thousands of turns keeps its sums and a bounded memory", () => {
  const [line] = fixtureStream("sj-queue.jsonl").slice(-1);
  let stream = noEvidence;
  for (let at = 0; at < 1_000; at++)
    for (const event of evidenceOf([line ?? ""]).results) stream = addEvidence(stream, event);
  expect(stream.results.length).toBeLessThanOrEqual(100);
  const outcome = judge({ ...after([], 0), stream });
  expect(outcome.turns).toBe(1_000);
  expect(outcome.costUsd).toBeCloseTo(0.8, 6);
});
