import { afterAll, beforeAll, expect, test } from "vitest";
import { SessionPage } from "../../src/contract/session.ts";
import { requireDovecot } from "../support/dovecot.ts";
import type { FakeMessage } from "../support/fake-slack/state.ts";
import { ADA, BOT, startMailServer, type MailServer } from "../support/mail-server.ts";
import { startFakeGithub, type FakeGithub } from "../support/n8n-github.ts";
import { mailCredentials, openHouse, REPOSITORIES, type House } from "../support/n8n-house.ts";
import { requireN8n } from "../support/n8n-install.ts";
import { readWorkflow, webhookIdOf, type Workflow } from "../support/n8n-workflows.ts";
import { apiOf, script } from "../support/server-process.ts";

const here = requireN8n() && requireDovecot();
const GENERAL = "CGENERAL1";
const REPO = "CREPO1";
const SECRET = "GSECRET1";
const WAIT = { timeout: 60_000, interval: 100 };

let house: House;
let mail: MailServer;
let github: FakeGithub;
const parts = new AsyncDisposableStack();

/** The one change beside Config: what would happen on Mondays happens now. */
function often(workflow: Workflow): Workflow[] {
  for (const { type, parameters } of workflow.nodes)
    if (type.endsWith("scheduleTrigger"))
      parameters["rule"] = { interval: [{ field: "cronExpression", expression: "*/10 * * * * *" }] };
  return [workflow];
}

beforeAll(async () => {
  if (!here) return;
  mail = parts.use(await startMailServer());
  github = parts.use(await startFakeGithub());
  const slackHook = webhookIdOf(readWorkflow("02-slack-message-handler.json"), "Slack message");
  house = parts.use(
    await openHouse({
      config: {
        "01-session-initializer.json": { slackChannel: GENERAL },
        "04-polling.json": { slackChannel: REPO, pollSeconds: 1 },
        "05-scheduled-report.json": {
          githubRepo: "acme/first",
          prompt: script({ text: "All is well." }),
          mailFrom: BOT,
          mailTo: ADA,
        },
        "07-mail-conversation.json": { githubRepo: "acme/first", allowedSenders: "@people.test", mailFrom: BOT },
        "08-fan-out.json": { slackChannel: REPO, pollSeconds: 1, repositories: JSON.stringify(REPOSITORIES) },
        "09-approval.json": { slackChannel: REPO },
        "10-errors.json": { slackChannel: SECRET },
      },
      credentials: [
        ...mailCredentials(mail),
        {
          id: "another-id-6",
          name: "GitHub",
          type: "githubApi",
          data: { server: github.url, user: "acme", accessToken: "token-for-tests" },
        },
      ],
      slack: { paths: { events: `/webhook/${slackHook}/webhook` } },
      change: often,
    }),
  );
  house.outside.slack.connect(house.n8n.url);
});
afterAll(() => parts.disposeAsync());

/** The first message of a channel (or thread) that holds this text, once it is there. */
async function posted(text: string, channel: string, threadTs?: string): Promise<FakeMessage> {
  const find = () => house.outside.slack.messages(channel, threadTs).find((one) => one.text.includes(text));
  await expect.poll(() => find()?.text, WAIT).toContain(text);
  return find() as FakeMessage;
}

const api = () => apiOf(house.server());

test("a report is made on schedule and mailed", async () => {
  const [report] = await mail.ada.waitFor(1, ({ subject }) => subject === "Report: acme/first (succeeded)");
  await house.n8n.unpublish("claudeScheduledR");
  expect(report?.text).toMatch(/^All is well\.\n\nCost: \$0\.\d{4}, 0 files changed, session: http/);
});

test("who starts a session is told its ids at once; the answer goes to Slack, and replies there reach the session", async () => {
  const { n8n, outside } = house;
  const prompt = script({ bash: "ls" }, { text: "There is a README." });
  const started = await n8n.call("claude/start", { githubRepo: "acme/first", prompt, title: "From n8n" });
  expect(started).toMatchObject({ status: 202, body: { status: "created" } });
  const { ts } = await posted("There is a README.", GENERAL);
  await n8n.database.execution("claudeSessionIni", "success");
  const sessionId = String(started.body["sessionId"]);
  expect(await api().session(sessionId)).toMatchObject({ title: "From n8n", source: "n8n", tags: ["n8n"] });

  const said = outside.slack.say({ channel: GENERAL, user: "UALICE1", text: script({ text: "Two." }), threadTs: ts });
  expect((await said.delivered).flat().map(({ status }) => status)).toEqual([200]);
  await posted("Two.", GENERAL, ts);
  await n8n.database.execution("claudeSlackMessg", "success");
  const messages = await api().messages(sessionId);
  expect(messages.map(({ source, author }) => [source, author])).toEqual([
    ["n8n", null],
    ["claude", null],
    ["slack", "UALICE1"],
    ["claude", null],
  ]);
});

test("what the orchestrator refuses is said to the caller, in its words and with its status", async () => {
  const refused = await house.n8n.call("claude/start", {
    githubRepo: "acme/first",
    prompt: "hello",
    branch: "--force",
  });
  expect(refused).toEqual({ status: 400, body: { error: "body.branch must be a git branch name" } });
});

test("who asks and waits is answered with Claude's answer, and may go on in the session", async () => {
  const { n8n } = house;
  const first = await n8n.call("claude/ask", { githubRepo: "acme/first", prompt: script({ text: "Here I am." }) });
  expect(first).toMatchObject({ status: 200, body: { status: "succeeded", answer: "Here I am.", error: null } });
  const { sessionId } = first.body;
  const second = await n8n.call("claude/ask", { sessionId, prompt: script({ text: "Still here." }) });
  expect(second).toMatchObject({ status: 200, body: { answer: "Still here.", sessionId } });
});

test("polling finds the end of a run that the orchestrator could not tell of", async () => {
  const prompt = script({ bash: "sleep 2" }, { text: "Found by asking." });
  const started = await house.n8n.call("claude/poll", { githubRepo: "acme/first", prompt });
  expect(started.status).toBe(202);
  await posted("Found by asking.", REPO);
});

test("one question goes to several repositories, those of Config or the caller's, and the answers come together", async () => {
  const prompt = script({ bash: "sleep 1" }, { text: "Mine is fine." });
  const [started, one] = await Promise.all([
    house.n8n.call("claude/each", { prompt }),
    house.n8n.call("claude/each", { prompt: script({ text: "Just me." }), repositories: ["acme/second"] }),
  ]);
  const runs = REPOSITORIES.map((githubRepo) => ({ githubRepo }));
  expect(started).toMatchObject({ status: 202, body: { runs } });
  expect(one).toMatchObject({ status: 202, body: { runs: [{ githubRepo: "acme/second" }] } });
  expect((await posted("Mine is fine.", REPO)).text).toBe(
    "*acme/first*\nMine is fine.\n\n*acme/second*\nMine is fine.",
  );
  expect((await posted("Just me.", REPO)).text).toBe("*acme/second*\nJust me.");
});

test("a labelled issue starts a session, and its answer is a comment; other labels start nothing", async () => {
  expect(github.hooks).toMatchObject([{ repository: "your-org/your-repo", events: ["issues"] }]);
  const repository = { name: "first", full_name: "acme/first", owner: { login: "acme" } };
  const issue = { number: 7, title: "It breaks", body: script({ text: "Mended." }), user: { login: "ada" } };
  const labelled = (name: string) => ({ action: "labeled", label: { name }, issue, repository });
  expect(await github.deliver("issues", labelled("question"))).toBe(200);
  expect(await github.deliver("issues", labelled("claude"))).toBe(200);
  await expect.poll(() => github.comments, WAIT).toEqual([{ issue: "acme/first#7", body: "Mended." }]);
  expect(await house.n8n.database.executions("claudeGithubIssu")).toHaveLength(2);
});

test("two mails at once get an answer each, a reply goes on in its session; strangers and machines get none", async () => {
  const mails = ["One", "Two"].map((subject) => ({ subject, text: script({ text: `Answer ${subject}.` }) }));
  await mail.forge({ from: "eve@elsewhere.test", subject: "Eve", text: script({ text: "For Eve." }) });
  const headers = { "Auto-Submitted": "auto-replied" };
  await mail.ada.send({ subject: "Away", text: script({ text: "For a machine." }), headers });
  await Promise.all(mails.map((one) => mail.ada.send(one)));
  const [answer] = await mail.ada.waitFor(1, ({ text }) => text?.includes("Answer One.") ?? false);
  await mail.ada.waitFor(1, ({ text }) => text?.includes("Answer Two.") ?? false);
  expect(answer?.subject).toMatch(/^Re: One \[session:[0-9a-f-]{36}\]$/);
  await mail.ada.send({ subject: `Re: ${answer?.subject}`, text: script({ text: "And on." }) });
  const [second] = await mail.ada.waitFor(1, ({ text }) => text?.includes("And on.") ?? false);
  expect(second?.subject).toBe(answer?.subject);
  const sessions = await api().request(SessionPage, "/api/sessions?source=email");
  expect(sessions.items.map(({ title, runCount }) => `${title} ${runCount}`).toSorted()).toEqual(["One 2", "Two 1"]);
});

test.each([
  ["approves", "Do it", "You said: “Message from", "acceptEdits"],
  ["declines", "No", "Not approved: nothing was changed.", "plan"],
])("when a person %s the plan (%s), Slack reads “%s”", async (_, button, outcome, permissionMode) => {
  const prompt = script({ text: `My plan for “${button}”.` });
  const { body } = await house.n8n.call("claude/propose", { githubRepo: "acme/first", prompt });
  const find = () =>
    house.outside.slack
      .messages(REPO)
      .find(({ blocks }) => JSON.stringify(blocks).includes(`My plan for “${button}”.`));
  await expect.poll(() => find()?.ts, WAIT).toBeDefined();
  const link = new RegExp(`"text":"${button}"[^}]*}[^}]*"url":"([^"]+)"`).exec(JSON.stringify(find()?.blocks))?.[1];
  await expect
    .poll(async () => (await house.n8n.database.executions("claudeApprovePln")).at(-1)?.status, WAIT)
    .toBe("waiting");
  const clicked = await fetch(link ?? "", { headers: { "user-agent": "Mozilla/5.0 Firefox/140.0" } });
  expect(clicked.status).toBe(200);
  await posted(outcome, REPO);
  expect(await api().session(String(body["sessionId"]))).toMatchObject({ options: { permissionMode } });
});

test("a workflow that fails says so in Slack, in the orchestrator's words", async () => {
  const { n8n } = house;
  await github.deliver("issues", {
    action: "labeled",
    label: { name: "claude" },
    issue: { number: 8, title: "x", body: "y", user: { login: "ada" } },
    repository: { name: "x", full_name: "no repository", owner: { login: "acme" } },
  });
  const { text } = await posted("Claude: work on labelled GitHub issues failed", SECRET);
  expect(text).toContain("at “Start session”: body.githubRepo must not hold spaces");
  await n8n.database.execution("claudeErrorWflow", "success");
});

test("in all of this nothing but Slack was asked for outside, and Slack had nothing to complain of", () => {
  expect(house.outside.refused).toEqual([]);
  expect(house.outside.slack.faults).toEqual([]);
  expect(house.outside.tunnels()).toBeGreaterThan(0);
});
