import type { SLACK_BOT_EVENTS, SLACK_BOT_SCOPES } from "../../contract/slack-app.ts";

/** What does not work without each scope. */
export const SCOPE_WORDS: Readonly<Record<(typeof SLACK_BOT_SCOPES)[number], string>> = {
  "app_mentions:read": "mentions are not received",
  "channels:history": "replies in threads of public channels are not received",
  "channels:read": "channels are not known by their names",
  "chat:write": "nothing can be said",
  commands: "/claude does not exist",
  "files:read": "files that come with messages cannot be read",
  "files:write": "files cannot be sent",
  "groups:history": "replies in private channels are not received",
  "groups:read": "private channels are not known by their names",
  "im:history": "direct messages are not received",
  "im:read": "direct messages are not recognised",
  "mpim:history": "messages of group conversations are not received",
  "mpim:read": "group conversations are not recognised",
  "reactions:read": "🛑 does not stop a run",
  "reactions:write": "messages are not acknowledged by 👀",
  "users:read": "guests and strangers cannot be told from members, so nobody may ask",
};

/** What does not work without each event. */
export const EVENT_WORDS: Readonly<Record<(typeof SLACK_BOT_EVENTS)[number], string>> = {
  app_mention: "mentions start nothing",
  app_uninstalled: "the token of a workspace that removes the app is kept",
  "message.channels": "replies in threads of public channels do not arrive",
  "message.groups": "replies in private channels do not arrive",
  "message.im": "direct messages do not arrive",
  "message.mpim": "messages of group conversations do not arrive",
  reaction_added: "🛑 does not stop a run",
  tokens_revoked: "a revoked token is kept",
};
