import { afterAll, beforeAll, expect, test } from "vitest";
import { SessionThreads } from "../../src/contract/thread.ts";
import { script, until } from "../support/slack-app.ts";
import {
  ALICE,
  BOB,
  DIRECT,
  GENERAL,
  reactedWith,
  receivingApp,
  type ReceivingApp,
} from "../support/slack-receiving.ts";

let at: ReceivingApp;
beforeAll(async () => {
  const mail = { SMTP_HOST: "127.0.0.1", EMAIL_FROM: "claude@orch.test", EMAIL_ALLOWED_SENDERS: "@people.test" };
  at = await receivingApp({ environment: mail });
});
afterAll(() => at[Symbol.asyncDispose]());

const ended = (sessionId: string) => at.app.until(sessionId, ["completed", "failed", "cancelled"]);
const refused = (attempts: { status: number }[][]) => attempts.flat().filter(({ status }) => status !== 200);

async function begun(text: string, channel: string = GENERAL) {
  const said = at.slack.say({ channel, user: ALICE, text });
  const { sessionId } = await at.sessionOf(said.ts);
  return { said, sessionId };
}

test("a mention starts one session in the channel's repository, in its thread, with 👀 while it works", async () => {
  const { slack, bot, app } = at;
  const text = `${bot} ${script({ text: "Hello Alice." })}`;
  const said = slack.say({ channel: GENERAL, user: ALICE, text, copies: 3 });
  expect(refused(await said.delivered)).toEqual([]);
  const session = await at.sessionOf(said.ts);
  expect(session).toMatchObject({ source: "slack", githubRepo: expect.stringContaining("project") });
  await ended(session.sessionId);

  const [asked, answer, ...more] = await app.messages(session.sessionId);
  expect(more).toEqual([]);
  expect(asked).toMatchObject({
    author: "alice",
    source: "slack",
    metadata: { slack: { team: slack.team().id, channel: GENERAL, user: ALICE, ts: said.ts } },
  });
  expect(answer?.content).toBe("Hello Alice.");
  expect((await at.untilShown(GENERAL, said.ts, "Hello Alice.")).threadTs).toBe(said.ts);
  expect(slack.callsOf("reactions.add").filter(({ args }) => args["timestamp"] === said.ts)).toHaveLength(1);
  await until(
    () => (reactedWith(said.message, "eyes").length === 0 ? true : undefined),
    () => "the reaction is still there",
  );
});

test("a reply in the thread goes on without a mention, in the name of whoever says it", async () => {
  const { slack, bot, app } = at;
  const { said, sessionId } = await begun(`${bot} ${script({ text: "one" })}`);
  await ended(sessionId);
  slack.say({ channel: GENERAL, user: BOB, threadTs: said.ts, text: script({ text: "two" }) });
  await until(
    async () => ((await app.messages(sessionId)).length === 4 ? true : undefined),
    () => "no second answer",
  );
  expect((await app.messages(sessionId)).map(({ author }) => author)).toEqual(["alice", null, "bob", null]);
  expect(JSON.stringify(app.model.requests.at(-1))).toContain("Message from bob (slack)");
});

test("people who talk to each other, edits, bots and our own words start nothing", async () => {
  const { slack, bot, app } = at;
  const { said, sessionId } = await begun(`${bot} ${script({ text: "first" })}`);
  await ended(sessionId);
  await at.untilShown(GENERAL, said.ts, "first");
  const before = (await at.sessions()).length;
  const words = [
    slack.say({ channel: GENERAL, user: ALICE, text: "nobody is asked" }),
    slack.say({ channel: GENERAL, user: ALICE, threadTs: said.ts, text: `<@${BOB}> did you see that?` }),
    slack.say({ channel: GENERAL, user: ALICE, text: "has joined", threadTs: said.ts, subtype: "channel_join" }),
  ];
  for (const one of words) expect(refused(await one.delivered)).toEqual([]);
  slack.edit(said.message, `${bot} something else`);
  await slack.settled();
  const inbox = () => app.db.selectFrom("inbox").select("status").where("door", "=", "slack").execute();
  await until(
    async () => ((await inbox()).every(({ status }) => status === "done") ? true : undefined),
    () => "the inbox is not handled",
  );
  expect(await at.sessions()).toHaveLength(before);
  expect(await app.messages(sessionId)).toHaveLength(2);
});

test("in a direct message no mention is needed, and the only repository there is is taken", async () => {
  const { sessionId } = await begun(`please help me with ${script({ text: "Gladly." })}`, DIRECT);
  await ended(sessionId);
  expect((await at.app.messages(sessionId)).map(({ content }) => content)).toEqual([expect.anything(), "Gladly."]);
});

test("help is answered always, once, and nothing is started by it", async () => {
  const { slack, bot } = at;
  const before = (await at.sessions()).length;
  const said = slack.say({ channel: GENERAL, user: "UGUEST1", text: `${bot} help`, copies: 2 });
  await at.told(GENERAL, said.ts, /Mention/);
  await slack.settled();
  expect(at.answers(GENERAL, said.ts)).toHaveLength(1);
  expect(await at.sessions()).toHaveLength(before);
});

test("help and status say in a session's thread where mails to it go, and nowhere else", async () => {
  const { slack, bot, app } = at;
  const { said, sessionId } = await begun(`${bot} ${script({ text: "done" })}`);
  await ended(sessionId);
  const { mailAddress } = await app.request(SessionThreads, `/api/sessions/${sessionId}/threads`);
  expect(mailAddress).toMatch(/^claude\+[0-9a-f]{16}-[0-9a-f]{12}@orch\.test$/u);
  for (const [word, answer] of [
    ["help", /Mention/u],
    ["status", /1 run/u],
  ] as const) {
    slack.say({ channel: GENERAL, user: ALICE, threadTs: said.ts, text: word });
    expect(slack.shown(await at.told(GENERAL, said.ts, answer))).toContain(`Mails to \`${mailAddress}\``);
    const outside = slack.say({ channel: GENERAL, user: ALICE, text: `${bot} ${word}` });
    expect(slack.shown(await at.told(GENERAL, outside.ts, /Mention|This channel/u))).not.toContain("Mails to");
  }
});

test("a guest and a stranger are told once that they may not ask", async () => {
  const { slack, bot } = at;
  const before = (await at.sessions()).length;
  for (const user of ["UGUEST1", "UGUEST1", "UGUEST1", "USTRANGER1"])
    slack.say({ channel: "CSHARED1", user, text: `${bot} do something` });
  const told = (user: string) => slack.callsOf("chat.postEphemeral").filter(({ args }) => args["user"] === user);
  await until(
    () => (told("UGUEST1").length > 0 && told("USTRANGER1").length > 0 ? true : undefined),
    () => "nobody was told",
  );
  await slack.settled();
  const { db } = at.app;
  await until(
    async () => {
      const open = await db
        .selectFrom("inbox")
        .select("status")
        .where("status", "in", ["received", "handling"])
        .execute();
      return open.length === 0 ? true : undefined;
    },
    () => "the inbox is not handled",
  );
  expect(told("UGUEST1")).toHaveLength(1);
  expect(await at.sessions()).toHaveLength(before);
});
