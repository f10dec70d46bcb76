import { z } from "zod";

/** An empty variable counts as unset. */
const Text = z
  .string()
  .optional()
  .transform((text) => (text === "" ? undefined : text));

const Flag = z
  .enum(["0", "1", "false", "true", ""])
  .optional()
  .transform((text) => text === "1" || text === "true");

const items = (text: string | undefined): string[] =>
  (text ?? "")
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");

/** Looks like a repository or a folder; what it is, and whether it may be worked in, is decided when a session begins. */
const REPOSITORY = /^(?:[\w.-]+\/[\w.-]+|https?:\/\/\S+|\/\S*|[\w.-]+@[\w.-]+:\S+|ssh:\/\/\S+)$/;

const Repositories = z
  .string()
  .optional()
  .transform(items)
  .pipe(z.array(z.string().max(500).regex(REPOSITORY, "must be owner/repo or a git URL")).max(500));

/** `left=owner/repo, …`, the left side once each. */
const Pairs = z
  .string()
  .optional()
  .transform((text, context) =>
    items(text).map((item) => {
      const at = item.indexOf("=");
      const [left, repository] = [item.slice(0, Math.max(at, 0)).trim(), item.slice(at + 1).trim()];
      if (left === "" || !REPOSITORY.test(repository))
        context.addIssue({ code: "custom", message: `must be a list such as left=owner/repo; ${item} is not` });
      return { left, repository };
    }),
  );

const token = (prefix: string) =>
  Text.pipe(
    z
      .string()
      .regex(new RegExp(`^${prefix}-[\\w-]+$`), `must begin with ${prefix}-`)
      .optional(),
  );

/** What the Slack door reads from the environment. */
export const slackEnvironment = {
  SLACK_BOT_TOKEN: token("xoxb"),
  SLACK_SIGNING_SECRET: Text,
  SLACK_APP_TOKEN: token("xapp"),
  SLACK_CLIENT_ID: Text,
  SLACK_CLIENT_SECRET: Text,
  SLACK_TOKEN_KEY: Text.pipe(z.string().min(32, "must be at least 32 characters long").optional()),
  SLACK_API_URL: Text.pipe(z.url({ protocol: /^https?$/ }).default("https://slack.com/api/")),
  SLACK_CHANNEL_REPOS: Pairs,
  SLACK_REPO_KEYWORDS: Pairs,
  SLACK_REPOS: Repositories,
  SLACK_ALLOW_GUESTS: Flag,
  SLACK_ALLOW_CONNECT: Flag,
};

const SlackEnvironment = z.object(slackEnvironment);

/** How the Slack door works. It is off without a token and without `oauth`. */
export function slackConfig(e: z.output<typeof SlackEnvironment>) {
  return {
    botToken: e.SLACK_BOT_TOKEN,
    /** For HTTP: without it no request of Slack's can be told from anybody's. */
    signingSecret: e.SLACK_SIGNING_SECRET,
    /** For Socket Mode, where no public URL is needed. */
    appToken: e.SLACK_APP_TOKEN,
    /** For installation in several workspaces; undefined: only that of the bot token. */
    oauth:
      e.SLACK_CLIENT_ID === undefined || e.SLACK_CLIENT_SECRET === undefined
        ? undefined
        : { clientId: e.SLACK_CLIENT_ID, clientSecret: e.SLACK_CLIENT_SECRET },
    /** What tokens are encrypted by; unset, a key is made and kept in the data directory. */
    tokenKey: e.SLACK_TOKEN_KEY,
    /** Ends in a slash. */
    apiUrl: e.SLACK_API_URL.endsWith("/") ? e.SLACK_API_URL : `${e.SLACK_API_URL}/`,
    /** By `#name` or id of the channel. */
    channelRepositories: e.SLACK_CHANNEL_REPOS.map(({ left, repository }) => ({ channel: left, repository })),
    /** A post that holds the word is about the repository. */
    keywords: e.SLACK_REPO_KEYWORDS.map(({ left, repository }) => ({ word: left, repository })),
    /** When there are any, nothing else may be asked for from Slack. */
    repositories: e.SLACK_REPOS,
    allowGuests: e.SLACK_ALLOW_GUESTS,
    allowConnect: e.SLACK_ALLOW_CONNECT,
  } as const;
}

export type SlackConfig = ReturnType<typeof slackConfig>;
