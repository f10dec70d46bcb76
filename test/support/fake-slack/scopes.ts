/** The bot scope each method asks for; those without one need none. */
export const SCOPE_OF: Readonly<Record<string, string>> = {
  "chat.postMessage": "chat:write",
  "chat.postEphemeral": "chat:write",
  "chat.update": "chat:write",
  "chat.delete": "chat:write",
  "chat.startStream": "chat:write",
  "chat.appendStream": "chat:write",
  "chat.stopStream": "chat:write",
  "assistant.threads.setStatus": "chat:write",
  "reactions.add": "reactions:write",
  "reactions.remove": "reactions:write",
  "users.info": "users:read",
  "team.info": "team:read",
  "files.getUploadURLExternal": "files:write",
  "files.completeUploadExternal": "files:write",
  "files.info": "files:read",
  "conversations.open": "im:write",
};

/** conversations.* ask by the kind of conversation. */
export const READ_SCOPES = {
  info: { channel: "channels:read", group: "groups:read", im: "im:read", mpim: "mpim:read" },
  history: { channel: "channels:history", group: "groups:history", im: "im:history", mpim: "mpim:history" },
} as const;

/** The scope without which an event is not sent. */
export function scopeOfEvent(type: string, kind: "channel" | "group" | "im" | "mpim"): string | undefined {
  if (type === "message") return READ_SCOPES.history[kind];
  if (type === "app_mention") return "app_mentions:read";
  if (type === "reaction_added" || type === "reaction_removed") return "reactions:read";
  if (type === "file_shared") return "files:read";
  if (type === "member_joined_channel") return READ_SCOPES.info[kind];
  return undefined;
}

/** The name a manifest subscribes to an event by. */
export function subscriptionName(type: string, kind: "channel" | "group" | "im" | "mpim"): string {
  if (type !== "message") return type;
  return `message.${kind === "channel" ? "channels" : kind === "group" ? "groups" : kind}`;
}

export const ALL_SCOPES: readonly string[] = [
  ...new Set([
    ...Object.values(SCOPE_OF),
    ...Object.values(READ_SCOPES.info),
    ...Object.values(READ_SCOPES.history),
    "app_mentions:read",
    "reactions:read",
    "commands",
  ]),
];
