import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ACTIONS } from "../../src/channels/slack/actions.ts";
import { makeRemote, temporaryFolder } from "../support/git.ts";
import { script, until } from "../support/slack-app.ts";
import { ALICE, BOB, GENERAL, receivingApp, type ReceivingApp } from "../support/slack-receiving.ts";

const parts = new AsyncDisposableStack();
let at: ReceivingApp;
/** A repository of this machine that the configuration names. */
let remote: string;
beforeAll(async () => {
  const folder = parts.use(await temporaryFolder());
  remote = await makeRemote(join(folder.path, "remote.git"));
  const repositories = `#elsewhere=acme/web,#there=acme/api,#here=${remote}`;
  at = parts.use(await receivingApp({ environment: { SLACK_CHANNEL_REPOS: repositories } }));
});
afterAll(() => parts.disposeAsync());

const ended = (sessionId: string) => at.app.until(sessionId, ["completed", "failed", "cancelled"]);
const slash = async (text: string, user: string = ALICE) => {
  const answer = await at.slack.command(at.slack.team(), { user, channel: GENERAL, command: "/claude", text });
  return { ...answer, said: (JSON.parse(answer.body) as { text: string }).text };
};
const sleeping = (text: string) => script({ bash: "sleep 60" }, { text });

async function begunAndRunning(text: string) {
  await slash(`repo ${remote}`);
  const said = at.slack.say({ channel: GENERAL, user: ALICE, text: `${at.bot} ${text}` });
  const { sessionId } = await at.sessionOf(said.ts);
  await at.app.until(sessionId, ["running"]);
  return { said, sessionId };
}

test("what is not clear is asked with a menu; the first answer counts, and the menu goes", async () => {
  const { slack, bot } = at;
  const said = slack.say({ channel: GENERAL, user: ALICE, text: `${bot} fix the sign-in`, copies: 2 });
  const menu = await at.told(GENERAL, said.ts, /Which repository/);
  const answers = await Promise.all([
    slack.click(menu, ALICE, { name: ACTIONS.chooseRepository, option: "acme/api" }),
    slack.click(menu, BOB, { name: ACTIONS.chooseRepository, option: "acme/web" }),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  const session = await at.sessionOf(said.ts);
  const closed = await at.told(GENERAL, said.ts, /chosen by/);
  expect(closed.ts).toBe(menu.ts);
  expect(slack.shown(closed)).toContain(session.githubRepo);
  await slack.settled();
  expect((await at.sessions()).filter(({ metadata }) => JSON.stringify(metadata).includes(said.ts))).toHaveLength(1);
  const questions = await at.app.db.selectFrom("slackQuestions").select(["repository", "answeredBy"]).execute();
  expect(questions).toHaveLength(1);
  expect(session.githubRepo).toBe(questions[0]?.repository);
});

test("a question is also answered by `repo owner/name` in its thread", async () => {
  const { slack, bot } = at;
  const said = slack.say({ channel: GENERAL, user: ALICE, text: `${bot} tidy up` });
  await at.told(GENERAL, said.ts, /Which repository/);
  slack.say({ channel: GENERAL, user: BOB, threadTs: said.ts, text: `${bot} repo ${remote}` });
  expect((await at.sessionOf(said.ts)).githubRepo).toBe(remote);
});

test("the word stop, a 🛑 and the button each stop what is on", async () => {
  const { slack } = at;
  const word = await begunAndRunning(sleeping("never"));
  slack.say({ channel: GENERAL, user: BOB, threadTs: word.said.ts, text: "stop" });
  expect((await ended(word.sessionId)).lastReason).toBe("stopped");

  const reaction = await begunAndRunning(sleeping("never"));
  slack.react(reaction.said.message, BOB, "octagonal_sign");
  expect((await ended(reaction.sessionId)).lastReason).toBe("stopped");

  const button = await begunAndRunning(sleeping("never"));
  const value = { actions: [{ type: "button", action_id: ACTIONS.stop, block_id: "b", value: button.sessionId }] };
  const pressed = await slack.post(
    "/slack/interactions",
    new URLSearchParams({
      payload: JSON.stringify({
        type: "block_actions",
        team: { id: slack.team().id },
        user: { id: ALICE, team_id: slack.team().id },
        channel: { id: GENERAL },
        container: { type: "message", message_ts: button.said.ts, channel_id: GENERAL },
        ...value,
      }),
    }).toString(),
  );
  expect(pressed.status).toBe(200);
  expect((await ended(button.sessionId)).lastReason).toBe("stopped");
});

test("a second message of a thread is told its place in the queue", async () => {
  const { slack } = at;
  const { said, sessionId } = await begunAndRunning(sleeping("first"));
  slack.say({ channel: GENERAL, user: BOB, threadTs: said.ts, text: script({ text: "second" }) });
  const told = await until(
    () => slack.callsOf("chat.postEphemeral").find(({ args }) => args["thread_ts"] === said.ts),
    () => "Bob was not told",
  );
  expect(told.args).toMatchObject({ user: BOB, text: expect.stringContaining("number 2") });
  slack.say({ channel: GENERAL, user: BOB, threadTs: said.ts, text: "stop" });
  await ended(sessionId);
});

test("mute silences a thread and stops listening to it, unmute brings both back", async () => {
  const { slack, bot, app } = at;
  const { said, sessionId } = await begunAndRunning(script({ text: "loud" }));
  await ended(sessionId);
  await at.untilShown(GENERAL, said.ts, "loud");
  slack.say({ channel: GENERAL, user: ALICE, threadTs: said.ts, text: "mute" });
  await at.told(GENERAL, said.ts, /keep silent/);
  slack.say({ channel: GENERAL, user: ALICE, threadTs: said.ts, text: "is anybody there?" });
  slack.say({ channel: GENERAL, user: ALICE, threadTs: said.ts, text: `${bot} are you?` });
  await until(
    () => slack.callsOf("chat.postEphemeral").find(({ args }) => String(args["text"]).includes("muted")),
    () => "nobody said that the thread is muted",
  );
  expect(await app.messages(sessionId)).toHaveLength(2);
  slack.say({ channel: GENERAL, user: ALICE, threadTs: said.ts, text: `${bot} unmute` });
  await at.told(GENERAL, said.ts, /I am back/);
  slack.say({ channel: GENERAL, user: ALICE, threadTs: said.ts, text: script({ text: "again" }) });
  await at.untilShown(GENERAL, said.ts, "again");
});

test("slash commands answer their author within three seconds, and settings last", async () => {
  expect((await slash("help")).said).toContain("verbosity");
  expect((await slash("")).said).toContain("verbosity");
  expect((await slash("dance")).said).toMatch(/do not understand/);
  expect((await slash("verbosity loud")).said).toMatch(/one of full, minimal, result/);
  expect((await slash("verbosity result")).said).toContain("now result");
  expect((await slash("mode mention")).said).toContain("now mention");
  expect((await slash("repo acme/other")).said).toContain("acme/other");
  expect((await slash("status")).said).toMatch(/acme\/other.*mode mention.*verbosity result/s);
  expect((await slash("mode thread", "UGUEST1")).said).toMatch(/guests/);
  expect((await slash("help", "UGUEST1")).said).toContain("verbosity");
  const slow = at.slack.callsOf("users.info").length;
  expect(slow).toBeGreaterThan(0);
  await slash("mode thread");
});

test("a repository that is none, or a folder of the server, is a clear word in the thread and starts nothing", async () => {
  const { slack, bot, app } = at;
  const said = slack.say({ channel: GENERAL, user: ALICE, text: `${bot} look at repo:https://169.254.1.1/x please` });
  expect(slack.shown(await at.told(GENERAL, said.ts, /could not begin/))).toContain("githubRepo");
  const other = await makeRemote(join(app.folder, "other.git"));
  const asked = slack.say({ channel: GENERAL, user: ALICE, text: `${bot} look at repo:${other} please` });
  await at.told(GENERAL, asked.ts, /not one of the repositories/);
  expect((await slash(`repo ${other}`)).said).toContain("not one of the repositories");
  expect((await at.sessions()).filter(({ githubRepo }) => githubRepo === other)).toEqual([]);
});
