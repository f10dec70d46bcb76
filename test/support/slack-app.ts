import { join } from "node:path";
import { z } from "zod";
import { Session } from "../../src/contract/session.ts";
import { testApp, type TestApp } from "./app.ts";
import { startFakeSlack, type FakeSlack, type FakeSlackOptions } from "./fake-slack/fake-slack.ts";
import type { FakeMessage } from "./fake-slack/state.ts";
import { makeRemote, temporaryFolder } from "./git.ts";

const FINISH_MS = 60_000;

/** Our server with the real CLI, talked to by people in our own Slack. */
export interface SlackApp extends AsyncDisposable {
  app: TestApp;
  slack: FakeSlack;
  /** Restarts the server at another port, where Slack finds it. */
  restart(): Promise<void>;
  /** The sessions there are, the oldest first. */
  sessions(): Promise<Session[]>;
  /** The bot's messages in a thread, without what only one person sees. */
  answers(channel: string, threadTs: string): FakeMessage[];
  /** Waits until the thread shows this text. */
  untilShown(channel: string, threadTs: string, text: string | RegExp): Promise<FakeMessage>;
}

interface Options extends FakeSlackOptions {
  /** Variables of the server beside those that name our Slack. */
  environment?: Record<string, string>;
  /** By the tokens of OAuth installation instead of SLACK_BOT_TOKEN. */
  oauth?: boolean;
}

const Sessions = z.object({ items: z.array(Session) });

/** The channels #repo and #general of the first two workspaces work on one repository. */
export async function slackApp({ environment = {}, oauth = false, ...options }: Options = {}): Promise<SlackApp> {
  await using parts = new AsyncDisposableStack();
  const folder = parts.use(await temporaryFolder());
  const remote = await makeRemote(join(folder.path, "project.git"));
  const slack = parts.use(await startFakeSlack(options));
  const channels = [1, 2].flatMap((nth) => ["CREPO", "CGENERAL", "GSECRET", "CSHARED"].map((name) => `${name}${nth}`));
  const bot = oauth
    ? { SLACK_CLIENT_ID: slack.clientId, SLACK_CLIENT_SECRET: slack.clientSecret }
    : { SLACK_BOT_TOKEN: slack.team().botToken };
  const app = parts.use(
    await testApp({
      SLACK_API_URL: slack.apiUrl,
      SLACK_CHANNEL_REPOS: channels.map((channel) => `${channel}=${remote}`).join(","),
      CLAUDE_ALLOWED_TOOLS: "Bash,Write",
      ...bot,
      ...(options.transport === "socket"
        ? { SLACK_APP_TOKEN: slack.appToken }
        : { SLACK_SIGNING_SECRET: slack.signingSecret }),
      ...environment,
    }),
  );
  slack.connect(app.url);
  const kept = parts.move();

  const answers: SlackApp["answers"] = (channel, threadTs) =>
    slack.messages(channel, threadTs).filter((one) => one.botId !== undefined && one.ephemeralTo === undefined);

  return {
    app,
    slack,
    async restart() {
      slack.connect(undefined);
      await app.restart();
      slack.connect(app.url);
    },
    sessions: async () => (await app.request(Sessions, "/api/sessions")).items.toReversed(),
    answers,
    untilShown: (channel, threadTs, text) =>
      until(
        () => answers(channel, threadTs).find((one) => fits(slack.shown(one), text)),
        () => `${String(text)} is not shown in ${JSON.stringify(answers(channel, threadTs).map(slack.shown))}`,
      ),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

const fits = (shown: string, text: string | RegExp): boolean =>
  typeof text === "string" ? shown.includes(text) : text.test(shown);

/** Looks again until there is something; what it says is thrown after a minute. */
export async function until<T>(look: () => T | undefined | Promise<T | undefined>, why: () => string): Promise<T> {
  const deadline = Date.now() + FINISH_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(why());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export const script = (...steps: object[]): string => `MOCK${JSON.stringify(steps)}`;
