/** What our Slack app asks a workspace for; docs/slack-app-manifest*.yaml say the same, and a test compares them. */
export const SLACK_BOT_SCOPES = [
  "app_mentions:read",
  "channels:history",
  "channels:read",
  "chat:write",
  "commands",
  "files:read",
  "files:write",
  "groups:history",
  "groups:read",
  "im:history",
  "im:read",
  "mpim:history",
  "mpim:read",
  "reactions:read",
  "reactions:write",
  "users:read",
] as const;

/** The events it subscribes to. */
export const SLACK_BOT_EVENTS = [
  "app_mention",
  "app_uninstalled",
  "message.channels",
  "message.groups",
  "message.im",
  "message.mpim",
  "reaction_added",
  "tokens_revoked",
] as const;

/** Where Slack reaches us over HTTP, and people who install the app. */
export const SLACK_PATHS = {
  events: "/slack/events",
  interactions: "/slack/interactions",
  commands: "/slack/commands",
  install: "/slack/install",
  oauthRedirect: "/slack/oauth_redirect",
} as const;
