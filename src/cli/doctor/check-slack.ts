import type { Config } from "../../config.ts";
import { SLACK_BOT_EVENTS, SLACK_BOT_SCOPES, SLACK_PATHS } from "../../contract/slack-app.ts";
import { createTokenCipher, findTokenSecret } from "../../lib/token-cipher.ts";
import { askSlack } from "./ask-slack.ts";
import { fail, ok, warn, type Check } from "./check.ts";
import { EVENT_WORDS, SCOPE_WORDS } from "./slack-words.ts";

type SlackSettings = Config["slack"];

/** What the ledger knows of Slack; undefined while the database cannot be looked into. */
export interface SlackFacts {
  /** Kinds of events that ever came. */
  heard: string[];
  /** Workspaces that installed the app, what they granted, and by which key their tokens are encrypted. */
  workspaces: { name: string; scopes: string[]; keyId: string }[];
}

const MANIFESTS = "docs/slack-app-manifest.yaml (docs/slack-app-manifest-socket.yaml for Socket Mode)";
const REINSTALL = `Compare the app with ${MANIFESTS}, add what is missing under "OAuth & Permissions", and install it again`;

const UNREACHABLE = "Let this machine reach Slack, or correct SLACK_API_URL";

/** Whether anything of Slack is configured. */
const isAsked = ({ botToken, oauth, signingSecret, appToken }: SlackSettings): boolean =>
  [botToken, oauth, signingSecret, appToken].some((value) => value !== undefined);

/** Everything that can be known about the Slack app from here; nothing at all where Slack is not configured. */
export async function checkSlack(config: Config, facts: SlackFacts | undefined): Promise<Check[]> {
  const { slack, http } = config;
  if (!isAsked(slack)) return [];
  const { botToken, oauth, apiUrl } = slack;
  if (botToken === undefined && oauth === undefined)
    return [
      fail(
        "Slack",
        "off: there is neither SLACK_BOT_TOKEN nor SLACK_CLIENT_ID with SLACK_CLIENT_SECRET",
        `Make an app from ${MANIFESTS} and set the bot token that it shows once it is installed`,
      ),
    ];
  return [
    ...(botToken === undefined ? [] : await checkToken(apiUrl, botToken)),
    ...(oauth === undefined ? [] : checkWorkspaces(http, facts)),
    ...(await checkKeys(config, facts)),
    await checkReceiving(slack, http),
    ...(facts === undefined ? [] : [checkEvents(facts.heard)]),
  ];
}

async function checkToken(apiUrl: string, token: string): Promise<Check[]> {
  const { error, isAnswered, scopes, body } = await askSlack(apiUrl, "auth.test", token);
  if (error !== undefined) {
    const advice = 'Copy the "Bot User OAuth Token" of "OAuth & Permissions" again';
    return [fail("Slack token", `SLACK_BOT_TOKEN: ${error}`, isAnswered ? advice : UNREACHABLE)];
  }
  return [
    ok("Slack token", `workspace ${String(body["team"])}, as ${String(body["user"])} (${String(body["user_id"])})`),
    checkScopes("Slack scopes", scopes),
  ];
}

function checkScopes(name: string, granted: readonly string[]): Check {
  const missing = SLACK_BOT_SCOPES.filter((scope) => !granted.includes(scope));
  if (missing.length === 0) return ok(name, `all ${SLACK_BOT_SCOPES.length} are granted`);
  return fail(name, `missing: ${missing.map((scope) => `${scope} (${SCOPE_WORDS[scope]})`).join("; ")}`, REINSTALL);
}

/** Workspaces of the OAuth installation, by what was granted when each installed the app. */
function checkWorkspaces({ publicUrl }: Config["http"], facts: SlackFacts | undefined): Check[] {
  const name = "Slack installation";
  const page = `${publicUrl ?? "PUBLIC_URL"}${SLACK_PATHS.install}`;
  if (publicUrl?.startsWith("https:") !== true)
    return [
      fail(name, "PUBLIC_URL is no https address", "Slack leads back only to https: set PUBLIC_URL to what people use"),
    ];
  if (facts === undefined) return [];
  if (facts.workspaces.length === 0) return [warn(name, "no workspace has the app yet", `Add it at ${page}`)];
  return facts.workspaces.map((workspace) => checkScopes(`Slack scopes in ${workspace.name}`, workspace.scopes));
}

/** Tokens that this server cannot read; nothing when it can read all. */
async function checkKeys({ slack, dataDir }: Config, facts: SlackFacts | undefined): Promise<Check[]> {
  if (facts === undefined || facts.workspaces.length === 0) return [];
  const secret = await findTokenSecret(slack.tokenKey, dataDir).catch(() => {});
  const keyId = secret === undefined ? undefined : createTokenCipher(secret).keyId;
  const others = facts.workspaces.filter((workspace) => workspace.keyId !== keyId).map(({ name }) => name);
  if (others.length === 0) return [];
  const how = keyId === undefined ? "there is no key in DATA_DIR" : "they were encrypted with another key";
  return [
    fail(
      "Slack token key",
      `the tokens of these workspaces cannot be read, ${how}: ${others.join(", ")}`,
      `Set SLACK_TOKEN_KEY to the key of before (DATA_DIR/slack-token-key of the server that had it), or add the app again at ${SLACK_PATHS.install}`,
    ),
  ];
}

async function checkReceiving(
  { appToken, signingSecret, apiUrl }: SlackSettings,
  http: Config["http"],
): Promise<Check> {
  const name = "Slack receiving";
  if (appToken !== undefined) {
    const { error, isAnswered } = await askSlack(apiUrl, "apps.connections.open", appToken);
    if (error === undefined) return ok(name, "by Socket Mode");
    const advice = 'Make an app-level token with the scope connections:write, and switch "Socket Mode" on';
    return fail(name, `SLACK_APP_TOKEN: ${error}`, isAnswered ? advice : UNREACHABLE);
  }
  if (signingSecret === undefined)
    return fail(
      name,
      "nothing can be received: there is neither SLACK_SIGNING_SECRET nor SLACK_APP_TOKEN",
      'Set the "Signing Secret" of "Basic Information" (HTTP), or an app-level token (Socket Mode)',
    );
  const { publicUrl } = http;
  if (publicUrl?.startsWith("https:") !== true)
    return warn(
      name,
      "over HTTP, but PUBLIC_URL is no https address that Slack could reach",
      "Set PUBLIC_URL to the address of your proxy, or use Socket Mode, which needs none",
    );
  return ok(name, `over HTTP at ${publicUrl.replace(/\/$/, "")}${SLACK_PATHS.events}`);
}

/**
 * What Slack ever sent. Only two things follow from silence: who mentions us in a channel also posts a message there,
 * and our own 👀 comes back as a reaction. All else may just not have happened yet.
 */
function checkEvents(heard: readonly string[]): Check {
  const name = "Slack events";
  const silent = SLACK_BOT_EVENTS.filter((event) => !heard.includes(event));
  const advice = `Compare "Event Subscriptions" with ${MANIFESTS}`;
  if (heard.length === 0)
    return warn(name, "none ever came", `Mention the bot in a channel that it was invited to; then: ${advice}`);
  const mentioned = heard.includes("app_mention");
  const posts = ["message.channels", "message.groups", "message.mpim"] as const;
  const missing = [
    ...(mentioned && !posts.some((event) => heard.includes(event)) ? [posts[0]] : []),
    ...(mentioned && !heard.includes("reaction_added") ? ["reaction_added" as const] : []),
  ];
  if (missing.length > 0)
    return warn(name, `missing: ${missing.map((event) => `${event} (${EVENT_WORDS[event]})`).join("; ")}`, advice);
  if (silent.length === 0) return ok(name, "every kind came at least once");
  const words = silent.map((event) => `${event} (if it is not subscribed: ${EVENT_WORDS[event]})`);
  return ok(name, `came: ${heard.join(", ")}. Never came, which may mean that nobody did it: ${words.join("; ")}`);
}
