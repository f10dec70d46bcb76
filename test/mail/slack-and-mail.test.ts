import { join } from "node:path";
import { afterAll, afterEach, assert, beforeAll, expect, test } from "vitest";
import { SessionThread, SessionThreads } from "../../src/contract/thread.ts";
import { makeRemote, temporaryFolder } from "../support/git.ts";
import { holding, only, script } from "../support/mail-app.ts";
import { ADA, requireDovecot, startMailServer, type MailServer } from "../support/mail-server.ts";
import { slackApp, type SlackApp } from "../support/slack-app.ts";

const here = requireDovecot();
const CHANNEL = "CREPO1";
const parts = new AsyncDisposableStack();
let mail: MailServer;
let house: SlackApp;
beforeAll(async () => {
  if (!here) return;
  mail = parts.use(await startMailServer());
  const folder = parts.use(await temporaryFolder());
  const remote = await makeRemote(join(folder.path, "project.git"));
  house = parts.use(await slackApp({ environment: { ...mail.environment, EMAIL_REPOS: remote } }));
});
afterEach(() => {
  if (house.slack.faults.length > 0) throw new Error(JSON.stringify(house.slack.faults.splice(0)));
});
afterAll(() => parts.disposeAsync());

const threads = (sessionId: string) => house.app.request(SessionThreads, `/api/sessions/${sessionId}/threads`);

const mute = (sessionId: string, { threadId }: SessionThread) =>
  house.app.request(SessionThread, `/api/sessions/${sessionId}/threads/${threadId}`, {
    method: "PATCH",
    body: { muted: true },
  });

test("begun by mail, continued in Slack and by the API: one history, answers in both threads, each can be muted", async () => {
  const { app, slack } = house;
  await mail.ada.send({ subject: "Two doors", text: script({ text: "Said by mail." }) });
  await mail.ada.waitFor(1, holding("Said by mail."));
  const { sessionId } = only(await house.sessions());
  await app.until(sessionId, ["completed"]);

  // Somebody hangs a thread of Slack on the session, and goes on in it.
  const root = slack.say({ channel: CHANNEL, user: "UALICE1", text: "Look at this" });
  await app.request(SessionThread.partial().loose(), `/api/sessions/${sessionId}/threads`, {
    method: "PUT",
    body: { channel: CHANNEL, threadTs: root.ts },
  });
  slack.say({ channel: CHANNEL, user: "UALICE1", threadTs: root.ts, text: script({ text: "Said in Slack." }) });
  await house.untilShown(CHANNEL, root.ts, "Said in Slack.");
  const [bySlack] = await mail.ada.waitFor(1, holding("Said in Slack."));
  expect(bySlack?.text).toMatch(/ asked in Slack: /);
  expect(bySlack?.subject).toBe("Re: Two doors");

  assert(bySlack);
  await mail.ada.reply(bySlack, script({ text: "Back by mail." }));
  await mail.ada.waitFor(1, holding("Back by mail."));
  await house.untilShown(CHANNEL, root.ts, "Back by mail.");
  await app.until(sessionId, ["completed"]);
  const sources = (await app.messages(sessionId)).map(({ direction, source }) => `${direction} ${source}`);
  expect(sources.filter((one) => one.startsWith("inbound"))).toEqual([
    "inbound email",
    "inbound slack",
    "inbound email",
  ]);
  expect(await house.sessions()).toHaveLength(1);

  const { items: all } = await threads(sessionId);
  expect(all.map(({ kind }) => kind).toSorted()).toEqual(["email", "slack"]);
  const byMail = all.find(({ kind }) => kind === "email");
  assert(byMail);
  expect(byMail.place).toBe(ADA);
  await mute(sessionId, byMail);
  await app.say(sessionId, { content: script({ text: "For Slack alone." }) });
  await house.untilShown(CHANNEL, root.ts, "For Slack alone.");
  await app.until(sessionId, ["completed"]);
  expect((await mail.ada.inbox()).filter(holding("For Slack alone."))).toEqual([]);
});

test("begun in Slack, continued by mail to the address that the thread is told", async () => {
  const { app, slack } = house;
  const said = slack.say({
    channel: CHANNEL,
    user: "UALICE1",
    text: `<@UORCHBOT1> ${script({ text: "Begun in Slack." })}`,
  });
  await house.untilShown(CHANNEL, said.ts, "Begun in Slack.");
  const session = (await house.sessions()).at(-1);
  assert(session);
  await app.until(session.sessionId, ["completed"]);
  slack.say({ channel: CHANNEL, user: "UALICE1", threadTs: said.ts, text: "status" });
  const status = await house.untilShown(CHANNEL, said.ts, "go on with this session");
  const to = /claude\+[^@`]+@orch\.test/u.exec(slack.shown(status))?.[0];
  assert(to);
  expect((await threads(session.sessionId)).mailAddress).toBe(to);
  await mail.bob.send({ to, subject: "About that", text: script({ text: "Continued by mail." }) });
  const [answer] = await mail.bob.waitFor(1, holding("Continued by mail."));
  expect(answer?.subject).toBe("Re: About that");
  await house.untilShown(CHANNEL, said.ts, "Continued by mail.");
  expect((await threads(session.sessionId)).items.map(({ kind }) => kind).toSorted()).toEqual(["email", "slack"]);
});
