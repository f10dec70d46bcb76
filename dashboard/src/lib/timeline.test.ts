import { expect, test } from "vitest";
import { aLog, aMessage, anEvent, aRun, aSession } from "../../test/samples.ts";
import { isPending, timeline, type Told } from "./timeline.ts";

const session = aSession();
const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const kinds = (told: Partial<Told>, from?: string) =>
  timeline({ messages: [], logs: [], runs: [], events: [], ...told }, from).map((item) => item.kind);

test("a queued message is read where its run began, not where it was written", () => {
  const first = aMessage(session, { content: "one", timestamp: at(1) });
  const second = aMessage(session, { content: "two", timestamp: at(3) });
  const runs = [
    aRun(session, { messageId: first.messageId, startedAt: at(1), finishedAt: at(9) }),
    aRun(session, { messageId: second.messageId, number: 2, startedAt: at(10), finishedAt: at(12) }),
  ];
  expect(kinds({ messages: [first, second], runs, logs: [aLog(session, { timestamp: at(5) })] })).toEqual([
    "message",
    "tools",
    "run",
    "message",
    "run",
  ]);
});

test("a message stays pending until its run starts", () => {
  const message = aMessage(session, { status: "queued" });
  expect(isPending(message, [])).toBe(true);
  expect(isPending(message, [aRun(session, { messageId: message.messageId, status: "running" })])).toBe(false);
  expect(isPending({ ...message, direction: "outbound" }, [])).toBe(false);
});

test("text that the saved answer repeats is told once, other text stays", () => {
  const run = aRun(session, { startedAt: at(0), finishedAt: at(9) });
  const events = [
    anEvent(session, { key: "a", runId: run.runId, data: { text: "First I look." }, timestamp: at(2) }),
    anEvent(session, { key: "b", runId: run.runId, data: { text: "All\n done." }, timestamp: at(4) }),
  ];
  const answer = aMessage(session, { direction: "outbound", content: "All done.", runId: run.runId, timestamp: at(5) });
  const items = timeline({ messages: [answer], logs: [], runs: [run], events });
  expect(items.map((item) => (item.kind === "text" ? item.text : item.kind))).toEqual([
    "First I look.",
    "message",
    "run",
  ]);
});

test("the text of a failure is told where the run ended, not as a message too", () => {
  const run = aRun(session, { status: "failed", reason: "api_error", error: "The API refused.", finishedAt: at(5) });
  const said = aMessage(session, {
    direction: "outbound",
    content: "The API refused.",
    runId: run.runId,
    timestamp: at(5),
  });
  expect(kinds({ messages: [said], runs: [run] })).toEqual(["run"]);
});

test("a subagent's own words are not part of the conversation", () => {
  expect(kinds({ events: [anEvent(session, { data: { text: "inner", agent: "toolu_1" } })] })).toEqual([]);
});

test("an answer written a moment after its run ended still stands before the end", () => {
  const run = aRun(session, { finishedAt: at(5) });
  const answer = aMessage(session, { direction: "outbound", runId: run.runId, timestamp: at(6) });
  expect(kinds({ messages: [answer], runs: [run] })).toEqual(["message", "run"]);
});

test("what lies before the reach of all lists is left out", () => {
  expect(
    kinds({ logs: [aLog(session, { timestamp: at(1) })], messages: [aMessage(session, { timestamp: at(8) })] }, at(5)),
  ).toEqual(["message"]);
});
