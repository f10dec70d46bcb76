import { SlackError } from "./slack-error.ts";
import { asText, type FakeChannel, type FakeMessage, type FakeTeam, type Json } from "./state.ts";
import type { World } from "./world.ts";

/** One call of a Web API method, checked as far as all methods have it in common. */
export interface MethodCall {
  world: World;
  team: FakeTeam;
  args: Json;
}
export type Method = (call: MethodCall) => Json;

/** Arguments come as a form: numbers and booleans are texts, lists and objects JSON. */
export const textArg = ({ args }: MethodCall, name: string): string | undefined => {
  const value = asText(args[name]);
  return value === "" ? undefined : value;
};

export function neededArg(call: MethodCall, name: string): string {
  const value = textArg(call, name);
  if (value === undefined)
    throw new SlackError("invalid_arguments", {
      response_metadata: { messages: [`[ERROR] missing required field: ${name}`] },
    });
  return value;
}

export const flagArg = ({ args }: MethodCall, name: string): boolean => asText(args[name]) === "true";

export function jsonArg(call: MethodCall, name: string, refusal: string): unknown {
  const value = call.args[name];
  if (value === undefined || value === "") return undefined;
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    throw new SlackError(refusal);
  }
}

export function listArg(call: MethodCall, name: string, refusal: string): Json[] | undefined {
  const value = jsonArg(call, name, refusal);
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw new SlackError(refusal);
  return value as Json[];
}

export function objectArg(call: MethodCall, name: string, refusal: string): Json | undefined {
  const value = jsonArg(call, name, refusal);
  if (value === undefined) return undefined;
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new SlackError(refusal);
  return value as Json;
}

/** The channel of a call; a user's id stands for the conversation with them, as in chat.postMessage. */
export function channelArg(call: MethodCall): FakeChannel {
  const id = neededArg(call, "channel");
  const channel = call.team.channels.get(id) ?? directChannel(call, id);
  if (!channel) {
    const owner = [...call.world.teams.values()].find((team) => team.channels.has(id));
    if (owner) call.world.faults.push(`the token of ${call.team.id} was used for channel ${id} of ${owner.id}`);
    throw new SlackError("channel_not_found");
  }
  return channel;
}

const directChannel = ({ team }: MethodCall, userId: string): FakeChannel | undefined => {
  const user = team.users.get(userId);
  return user && [...team.channels.values()].find(({ kind, name }) => kind === "im" && name === user.name);
};

export function writableChannel(call: MethodCall): FakeChannel {
  const channel = channelArg(call);
  if (channel.archived) throw new SlackError("is_archived");
  if (!channel.members.has(call.team.botUserId)) throw new SlackError("not_in_channel");
  return channel;
}

export const findMessage = (team: FakeTeam, channel: string, ts: string): FakeMessage | undefined =>
  team.messages.find(
    (one) => one.channel === channel && one.ts === ts && !one.deleted && one.ephemeralTo === undefined,
  );

/** A message of our bot, to be changed. */
export function ownMessage(call: MethodCall, channel: FakeChannel, refusal: string): FakeMessage {
  const message = findMessage(call.team, channel.id, neededArg(call, "ts"));
  if (!message) throw new SlackError("message_not_found");
  if (message.user !== call.team.botUserId) throw new SlackError(refusal);
  return message;
}

/** The thread a call writes to; a reply's own ts is taken for its thread, as Slack does, and noted. */
export function threadArg(call: MethodCall, channel: FakeChannel): string | undefined {
  const ts = textArg(call, "thread_ts");
  if (ts === undefined) return undefined;
  const parent = findMessage(call.team, channel.id, ts);
  if (!parent) throw new SlackError("thread_not_found");
  if (parent.threadTs !== undefined && parent.threadTs !== ts) {
    call.world.faults.push(`thread_ts ${ts} is a reply's, not its thread's`);
    return parent.threadTs;
  }
  return ts;
}
