import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { SessionThread } from "../../../src/contract/thread.ts";
import { openConsole } from "../../test/console.tsx";
import { emptyState } from "../../test/fake-api.ts";
import { aDelivery, aMessage, ago, anEvent, aSession } from "../../test/samples.ts";

const SLACK: SessionThread = {
  threadId: "00000000-0000-4000-8000-000000000001",
  kind: "slack",
  place: "C0123456789",
  muted: false,
  createdAt: ago(60),
};
const MAIL: SessionThread = {
  ...SLACK,
  threadId: "00000000-0000-4000-8000-000000000002",
  kind: "email",
  place: "ada@example.com",
  muted: true,
};

function aTalk(threads: SessionThread[]) {
  const state = emptyState();
  const session = aSession();
  state.sessions.push(session);
  state.threads.set(session.sessionId, threads);
  return { state, session, facts: `/sessions/${session.sessionId}?tab=facts&wide=1` };
}

test("facts list where a session is talked about, and each place can be muted and heard again", async () => {
  const { state, session, facts } = aTalk([{ ...SLACK }, { ...MAIL }]);
  const { user, sent } = openConsole(facts, state);
  const list = await screen.findByRole("list", { name: "Threads" });
  expect(within(list).getAllByRole("listitem")[0]).toHaveTextContent(/Slack.*C0123456789.*hears answers/u);
  expect(within(list).getAllByRole("listitem")[1]).toHaveTextContent(/E-mail.*ada@example\.com.*muted/u);
  const mail = within(list).getByRole("switch", { name: "Answers to E-mail ada@example.com" });
  expect(mail).not.toBeChecked();
  await user.click(mail);
  await waitFor(() => expect(mail).toBeChecked());
  await user.click(within(list).getByRole("switch", { name: "Answers to Slack C0123456789" }));
  expect(sent).toEqual([
    { method: "PATCH", path: `/api/sessions/${session.sessionId}/threads/${MAIL.threadId}`, body: { muted: false } },
    { method: "PATCH", path: `/api/sessions/${session.sessionId}/threads/${SLACK.threadId}`, body: { muted: true } },
  ]);
  await waitFor(() => expect(list).toHaveTextContent(/C0123456789.*muted.*ada@example\.com.*hears answers/u));
});

test("a thread that could not be muted says why and stays as it was", async () => {
  const { state, facts } = aTalk([{ ...SLACK }]);
  const { user } = openConsole(facts, state);
  const toggle = await screen.findByRole("switch");
  state.threads.clear();
  await user.click(toggle);
  expect(await screen.findByRole("alert")).toHaveTextContent("There is no thread");
});

test("a session that is talked about nowhere shows no threads, until a message brings one", async () => {
  const { state, session, facts } = aTalk([]);
  const { openFeed, tell } = openConsole(facts, state);
  await screen.findByRole("button", { name: "Copy the resume command" });
  expect(screen.queryByRole("list", { name: "Threads" })).not.toBeInTheDocument();
  openFeed();
  state.threads.set(session.sessionId, [{ ...MAIL }]);
  tell(anEvent(session, { type: "message" }));
  expect(await screen.findByRole("list", { name: "Threads" })).toHaveTextContent("ada@example.com");
});

test("where mails to the session go is shown, also while nobody has written one", async () => {
  const { state, facts } = aTalk([]);
  state.mailAddress = "claude+0123456789abcdef-0123456789ab@example.org";
  openConsole(facts, state);
  await screen.findByRole("button", { name: "Copy the mail address of this session" });
  expect(screen.getByText(/Mails to/u)).toHaveTextContent(`Mails to ${state.mailAddress} go on with this session.`);
  expect(screen.queryByRole("list", { name: "Threads" })).not.toBeInTheDocument();
});

test("a message shows the files it brought, by name and size", async () => {
  const { state, session } = aTalk([]);
  const files = [
    { name: "invoice <b>.pdf", mediaType: "application/pdf", size: 183_402 },
    { name: "notes.txt", mediaType: "text/plain", size: 1 },
  ];
  state.messages.push(aMessage(session, { content: "See these", source: "slack", author: "Mara", files }));
  openConsole(`/sessions/${session.sessionId}`, state);
  const list = await within(await screen.findByRole("log")).findByRole("list", { name: "Files" });
  expect(within(list).getAllByRole("listitem")[0]).toHaveTextContent("invoice <b>.pdf183 kB");
  expect(within(list).getAllByRole("listitem")[1]).toHaveTextContent("notes.txt1 byte");
});

test("what did not arrive says why, and can be sent again; what arrived is not spoken of", async () => {
  const { state, session, facts } = aTalk([]);
  const given = aDelivery(session);
  state.deliveries.push(
    given,
    aDelivery(session, {
      kind: "slack",
      address: "x",
      status: "pending",
      nextAttemptAt: ago(-600),
      lastError: "not_in_channel",
    }),
    aDelivery(session, {
      kind: "subscription",
      address: "a-subscription",
      status: "failed",
      lastError: "switched off",
    }),
    aDelivery(session, { kind: "email", status: "delivered", lastError: "a greylisted first try" }),
  );
  const { user, sent } = openConsole(facts, state);
  const list = await screen.findByRole("list", { name: "Not delivered" });
  const [callback, slack, subscription, ...more] = within(list).getAllByRole("listitem");
  expect(callback).toHaveTextContent(/Callback.*https:\/\/n8n\.example\.com\/webhook\/7.*The receiver answered 500/u);
  expect(slack).toHaveTextContent(/Slack again at \d\d:\d\d.*not_in_channel/u);
  expect(subscription).toHaveTextContent(/Subscription.*a-subscription.*switched off/u);
  expect(more).toEqual([]);
  const [again = expect.fail()] = within(list).getAllByRole("button", { name: "Send again" });
  await user.click(again);
  expect(sent.at(-1)).toMatchObject({ method: "POST", path: `/api/deliveries/${given.deliveryId}/retry` });
  await waitFor(() => expect(list).not.toHaveTextContent("Callback"));
});
