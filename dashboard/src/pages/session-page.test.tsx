import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { Session } from "../../../src/contract/session.ts";
import { openConsole } from "../../test/console.tsx";
import { emptyState, type FakeState } from "../../test/fake-api.ts";
import { aLog, aMessage, ago, anEvent, aRun, aSession } from "../../test/samples.ts";

/** A session with one message and the run it made. */
function oneRun(given: Partial<Session> = {}, run: Parameters<typeof aRun>[1] = {}) {
  const state = emptyState();
  const session = aSession({ title: "The session", ...given });
  const asked = aMessage(session, { content: "Fix the rounding", author: "Mara", timestamp: ago(119) });
  const made = aRun(session, { messageId: asked.messageId, ...run });
  state.sessions.push(session);
  state.messages.push(asked);
  state.runs.push(made);
  return { state, session, run: made, path: `/sessions/${session.sessionId}` };
}

const RUNNING = [{ status: "running" }, { status: "running", reason: null, finishedAt: null }] as const;

function say(state: FakeState, session: Session, runId: string, content: string): void {
  state.messages.push(
    aMessage(session, { direction: "outbound", source: "claude", content, runId, timestamp: ago(61) }),
  );
}

test("a conversation reads in order: question, calls, answer, and how the run ended", async () => {
  const { state, session, run, path } = oneRun({}, { durationMs: 59_000, turns: 3, costUsd: 0.12 });
  state.logs.push(
    aLog(session, { runId: run.runId, tool: "Read", input: { file_path: `${session.workspacePath}/a.js` } }),
  );
  say(state, session, run.runId, "It is **fixed**.");
  const { talk } = openConsole(path, state);
  await within(await screen.findByRole("log")).findByText("fixed");
  expect(talk()).toHaveTextContent(
    /Mara.*Fix the rounding.*Read.*a\.js.*Claude.*It is fixed\..*run 1 done · 59 s · 3 turns · \$0\.12/u,
  );
});

test("successive calls fold into one line, of which failed ones stay in sight", async () => {
  const { state, session, run, path } = oneRun();
  const call = (command: string, given: Parameters<typeof aLog>[1] = {}) =>
    aLog(session, { runId: run.runId, input: { command }, ...given });
  state.logs.push(
    call("ls"),
    call("cat a"),
    call("npm test", { status: "failed", success: false, result: "Exit code 1\nAssertionError" }),
  );
  const { user } = openConsole(path, state);
  const group = await screen.findByRole("group", { name: "3 tool calls" });
  expect(within(group).getByText("npm test")).toBeInTheDocument();
  expect(within(group).queryByText("ls")).not.toBeInTheDocument();
  await user.click(within(group).getByRole("button", { name: /3 tool calls/u }));
  expect(within(group).getByText("ls")).toBeInTheDocument();
  await user.click(within(group).getByRole("button", { name: /failed, Bash npm test exit 1/u }));
  expect(within(group).getByText(/AssertionError/u)).toBeInTheDocument();
});

test("a long result shows its first and last lines, and the rest at a press", async () => {
  const { state, session, run, path } = oneRun();
  const result = Array.from({ length: 200 }, (_, line) => `line ${line + 1}`).join("\n");
  state.logs.push(aLog(session, { runId: run.runId, input: { command: "seq 200" }, result }));
  const { user, talk } = openConsole(path, state);
  await user.click(await within(await screen.findByRole("log")).findByRole("button", { name: /seq 200/u }));
  expect(talk()).not.toHaveTextContent("line 100");
  await user.click(screen.getByRole("button", { name: "120 lines between" }));
  expect(talk()).toHaveTextContent("line 100");
});

test("a message sent while a run is on waits above the box until it is read", async () => {
  const { state, path } = oneRun(...RUNNING);
  const { user, sent } = openConsole(path, state);
  const box = await screen.findByRole("textbox", { name: "Message to Claude" });
  expect(screen.getByText("read when this run ends")).toBeInTheDocument();
  await user.type(box, "And the changelog{Control>}{Enter}{/Control}");
  expect(await screen.findByRole("list", { name: "Queued messages" })).toHaveTextContent("“And the changelog”");
  expect(sent.at(-1)?.body).toEqual({ content: "And the changelog", source: "dashboard" });
  expect(box).toHaveValue("");
});

test("a steered message says so to the server, and Steer is offered only while a run is on", async () => {
  const { state, session, path } = oneRun(...RUNNING);
  const { user, sent } = openConsole(path, state);
  await user.click(await screen.findByRole("button", { name: "Steer" }));
  await user.type(
    screen.getByRole("textbox", { name: "Message to Claude" }),
    "Stop touching tests{Control>}{Enter}{/Control}",
  );
  await waitFor(() => expect(sent.at(-1)?.body).toMatchObject({ steer: true }));
  session.status = "completed";
  await waitFor(() => expect(screen.queryByRole("button", { name: "Steer" })).not.toBeInTheDocument(), {
    timeout: 5_000,
  });
});

test("a draft is kept for its session", async () => {
  const { state, session, path } = oneRun();
  localStorage.setItem(`draft:${session.sessionId}`, "Half a thou");
  const { user } = openConsole(path, state);
  const box = await screen.findByRole("textbox", { name: "Message to Claude" });
  expect(box).toHaveValue("Half a thou");
  await user.type(box, "ght");
  expect(localStorage.getItem(`draft:${session.sessionId}`)).toBe("Half a thought");
});

test("Stop asks before it takes a running step away, and a second press does it", async () => {
  const { state, path } = oneRun(...RUNNING);
  const { user, sent } = openConsole(path, state);
  await user.click(await screen.findByRole("button", { name: "Stop" }));
  expect(screen.getByText(/The current step is cut off/u)).toBeInTheDocument();
  expect(sent).toEqual([]);
  await user.keyboard("s");
  await waitFor(() => expect(sent).toEqual([{ method: "POST", path: expect.stringMatching(/\/stop$/u), body: {} }]));
  expect(await screen.findByText("Stopped", { selector: "h3" })).toBeInTheDocument();
});

test("a failed run tells what happened and what to do, in the conversation", async () => {
  const { state, path } = oneRun(
    { status: "failed", lastReason: "not_logged_in" },
    { status: "failed", reason: "not_logged_in", error: "Claude Code has no login.", stderrTail: "Invalid API key" },
  );
  openConsole(path, state);
  const notice = await screen.findByRole("region", { name: "Run 1: Claude is not logged in" });
  expect(notice).toHaveTextContent("Claude Code has no login.");
  expect(notice).toHaveTextContent("Invalid API key");
});

test("what to do is said for a run that has no words of its own", async () => {
  const { state, path } = oneRun({ status: "failed" }, { status: "failed", reason: "not_logged_in" });
  openConsole(path, state);
  const notice = await screen.findByRole("region", { name: "Run 1: Claude is not logged in" });
  expect(notice).toHaveTextContent("log in, or set ANTHROPIC_API_KEY");
});

test("a refused call is allowed with its rule, and Claude is told to go on", async () => {
  const { state, session, path } = oneRun(
    {},
    { denials: [{ tool: "Bash", toolUseId: "t1", input: { command: "git push origin main" } }] },
  );
  const { user, sent } = openConsole(path, state);
  await user.click(await screen.findByRole("button", { name: "Allow in this session and go on" }));
  await waitFor(() => expect(sent).toHaveLength(2));
  expect(sent[0]).toEqual({
    method: "PATCH",
    path: `/api/sessions/${session.sessionId}`,
    body: { allowedTools: ["Bash(git push origin main)"] },
  });
  expect(sent[1]?.body).toMatchObject({ content: "Continue" });
});

test("live text grows from the feed and gives way to the saved answer", async () => {
  const { state, session, run, path } = oneRun(...RUNNING);
  const { openFeed, tell, talk } = openConsole(path, state);
  await screen.findByText("Fix the rounding");
  openFeed();
  const event = (seq: number, text: string) =>
    anEvent(session, { seq, key: "text:1", runId: run.runId, data: { text }, timestamp: new Date().toISOString() });
  await waitFor(() => {
    tell(event(10, "Let me"));
    expect(talk()).toHaveTextContent("Let me");
  });
  tell(event(11, "Let me look at it."));
  await waitFor(() => expect(talk()).toHaveTextContent("Let me look at it."));
  expect(talk().querySelector("[data-live]")).toBeInTheDocument();
  Object.assign(run, { status: "succeeded", reason: "success", finishedAt: new Date().toISOString() });
  state.messages.push(
    aMessage(session, { direction: "outbound", source: "claude", content: "Let me look at it.", runId: run.runId }),
  );
  tell(anEvent(session, { seq: 12, type: "message", data: {} }));
  tell(anEvent(session, { seq: 13, type: "run", data: {} }));
  await waitFor(() => expect(talk().querySelector("[data-live]")).not.toBeInTheDocument());
  expect(within(talk()).getAllByText("Let me look at it.")).toHaveLength(1);
});

test("a message is held while the server is gone and sent when it is back", async () => {
  const { state, path } = oneRun();
  const { user, sent } = openConsole(path, state);
  const box = await screen.findByRole("textbox", { name: "Message to Claude" });
  state.down = true;
  await screen.findByText(/server gone for/u, undefined, { timeout: 8_000 });
  await user.type(box, "Are you there?{Control>}{Enter}{/Control}");
  expect(await screen.findByText("will send when back")).toBeInTheDocument();
  expect(sent).toEqual([]);
  state.down = false;
  await waitFor(() => expect(sent.at(-1)?.body).toMatchObject({ content: "Are you there?" }), { timeout: 8_000 });
  expect(box).toHaveValue("");
});

test("an image of a foreign host is a link, and HTML is shown as it was typed", async () => {
  const { state, session, run, path } = oneRun();
  say(
    state,
    session,
    run.runId,
    "![chart](https://tracker.example/pixel.png) <script>alert(1)</script> [x](javascript:alert(1))",
  );
  const { talk } = openConsole(path, state);
  expect(await screen.findByRole("link", { name: /chart/u })).toHaveAttribute(
    "href",
    "https://tracker.example/pixel.png",
  );
  expect(talk().querySelector("img, script")).not.toBeInTheDocument();
  expect(talk().innerHTML).not.toContain("javascript:");
});

test("facts show how to go on in a terminal, and what each run took", async () => {
  const { state, session, path } = oneRun(
    {},
    {
      durationMs: 59_000,
      costUsd: 0.12,
      claudeVersion: "2.2.0",
      untestedVersion: true,
      model: "opus",
      structuredOutput: { title: "A" },
    },
  );
  openConsole(`${path}?tab=facts&wide=1`, state);
  await screen.findByRole("button", { name: "Copy the resume command" });
  const panel = screen.getByRole("tabpanel");
  expect(panel).toHaveTextContent(session.resumeCommand ?? "no command");
  await within(panel).findByText("untested");
  expect(panel).toHaveTextContent(/Run 1.*Done.*59 s · \$0\.12/u);
  expect(within(panel).getByLabelText("Answer in the wanted form")).toHaveTextContent('{ "title": "A" }');
});

test("an unknown session says so and leads back", async () => {
  openConsole("/sessions/00000000-0000-4000-8000-000000000000");
  expect(await screen.findByRole("heading", { name: "There is no such session" })).toBeInTheDocument();
  expect(screen.getByRole("link", { name: "Back to all sessions" })).toBeInTheDocument();
});
