import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { openConsole } from "../../test/console.tsx";
import { emptyState } from "../../test/fake-api.ts";
import { aMessage, ago, aRun, aSession } from "../../test/samples.ts";

const lost = { status: "failed", reason: "unknown_claude_session", error: "The record is gone." } as const;

/** A session whose runs failed because Claude's record is gone, one for each message. */
function forgotten(...questions: string[]) {
  const state = emptyState();
  const session = aSession({ title: "The session", status: "failed" });
  state.sessions.push(session);
  for (const [index, content] of questions.entries()) {
    const asked = aMessage(session, { content, timestamp: ago(119 - index) });
    state.messages.push(asked);
    state.runs.push(aRun(session, { messageId: asked.messageId, number: index + 1, ...lost }));
  }
  return { state, path: `/sessions/${session.sessionId}` };
}

test("where Claude's record is gone, the message is said again in a new conversation at a press", async () => {
  const { state, path } = forgotten("Where were we?");
  const { user, sent } = openConsole(path, state);
  await user.click(await screen.findByRole("button", { name: "Start anew with a summary" }));
  expect(sent.at(-1)?.body).toEqual({ content: "Where were we?", source: "dashboard", restart: "summary" });
});

test("only the newest run offers it", async () => {
  const { state, path } = forgotten("One", "Two");
  const { user, sent } = openConsole(path, state);
  await user.click(await screen.findByRole("button", { name: "Start anew with a summary" }));
  expect(sent.at(-1)?.body).toMatchObject({ content: "Two" });
});
