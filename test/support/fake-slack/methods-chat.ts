import { checkBlocks, checkMetadata } from "./block-rules.ts";
import {
  channelArg, findMessage, flagArg, listArg, neededArg, objectArg, ownMessage, textArg, threadArg, writableChannel,
  type Method, type MethodCall,
} from "./call.ts"; // prettier-ignore
import { SlackError } from "./slack-error.ts";
import type { FakeMessage, Json } from "./state.ts";
import { placeOf, presentMessage } from "./world.ts";

const MAX_TEXT = 40_000;
const MAX_UPDATE_TEXT = 4_000;
const MAX_MARKDOWN = 12_000;

interface Content {
  text: string;
  blocks: Json[];
  markdown: string;
  metadata: Json | undefined;
}

/** Throws what Slack refuses a message with. */
function checkContent({ text, blocks, markdown, metadata }: Content): void {
  if (markdown !== "" && (text !== "" || blocks.length > 0)) throw new SlackError("markdown_text_conflict");
  if (markdown.length > MAX_MARKDOWN) throw new SlackError("msg_too_long");
  if (text === "" && markdown === "" && blocks.length === 0) throw new SlackError("no_text");
  checkBlocks(blocks);
  checkMetadata(metadata);
}

/** What a message is to say. */
function readContent(call: MethodCall): Content {
  const text = textArg(call, "text") ?? "";
  const blocks = listArg(call, "blocks", "invalid_blocks_format") ?? [];
  const markdown = textArg(call, "markdown_text") ?? "";
  const metadata = objectArg(call, "metadata", "invalid_metadata_format");
  checkContent({ text, blocks, markdown, metadata });
  if (text.length > MAX_TEXT) call.world.faults.push(`a text of ${text.length} characters was cut at ${MAX_TEXT}`);
  return { text: text.slice(0, MAX_TEXT), blocks, markdown, metadata };
}

const postMessage: Method = (call) => {
  const { world, team } = call;
  const channel = writableChannel(call);
  const content = readContent(call);
  const threadTs = threadArg(call, channel);
  const place = { channel: channel.id, ts: world.newTs(), threadTs };
  const message = world.post(team, { ...place, user: team.botUserId, botId: team.botId, ...content });
  return { channel: channel.id, ts: message.ts, message: presentMessage(message) };
};

const postEphemeral: Method = (call) => {
  const { world, team } = call;
  const channel = writableChannel(call);
  const user = neededArg(call, "user");
  if (!channel.members.has(user)) throw new SlackError("user_not_in_channel");
  const content = readContent(call);
  const threadTs = threadArg(call, channel);
  const place = { channel: channel.id, ts: world.newTs(), threadTs };
  world.post(team, { ...place, user: team.botUserId, botId: team.botId, ephemeralTo: user, ...content });
  return { message_ts: place.ts };
};

const update: Method = (call) => {
  const { world, team } = call;
  const channel = channelArg(call);
  const message = ownMessage(call, channel, "cant_update_message");
  if (message.stream === "open") throw new SlackError("streaming_state_conflict");
  if ((textArg(call, "text") ?? "").length > MAX_UPDATE_TEXT) throw new SlackError("msg_too_long");
  const content = readContent(call);
  change(message, content, call);
  world.changed(team, message);
  return { channel: channel.id, ts: message.ts, text: message.text, message: presentMessage(message) };
};

/** Blocks that are not given stay when only metadata changes; a new text without blocks replaces them. */
function change(message: FakeMessage, content: Content, { args }: MethodCall): void {
  message.text = content.text;
  message.markdown = content.markdown;
  message.blocks = content.blocks;
  message.tasks.clear();
  message.planTitle = undefined;
  if (args["metadata"] !== undefined) message.metadata = content.metadata;
  message.edits += 1;
}

const remove: Method = (call) => {
  const { world, team } = call;
  const channel = channelArg(call);
  const message = ownMessage(call, channel, "cant_delete_message");
  if (message.stream === "open") throw new SlackError("cant_delete_message");
  message.deleted = true;
  const event = { type: "message", subtype: "message_deleted", hidden: true, deleted_ts: message.ts };
  world.tell(team, {
    ...event,
    previous_message: presentMessage(message),
    ...placeOf(team, message),
    ts: world.newTs(),
  });
  return { channel: channel.id, ts: message.ts };
};

const getPermalink: Method = (call) => {
  const channel = channelArg(call);
  const ts = neededArg(call, "message_ts");
  if (!findMessage(call.team, channel.id, ts)) throw new SlackError("message_not_found");
  return { channel: channel.id, permalink: `${call.world.origin}/archives/${channel.id}/p${ts.replace(".", "")}` };
};

function reactionOf(call: MethodCall) {
  const channel = channelArg(call);
  const message = findMessage(call.team, channel.id, neededArg(call, "timestamp"));
  if (!message) throw new SlackError("message_not_found");
  const name = neededArg(call, "name");
  if (!/^[a-z0-9_+'-]+(::skin-tone-\d)?$/.test(name)) throw new SlackError("invalid_name");
  return { message, name, user: call.team.botUserId };
}

const addReaction: Method = (call) => {
  const { message, name, user } = reactionOf(call);
  const users = message.reactions.get(name) ?? new Set();
  if (users.has(user)) throw new SlackError("already_reacted");
  message.reactions.set(name, users.add(user));
  tellReaction(call, "reaction_added", { message, name });
  return {};
};

const removeReaction: Method = (call) => {
  const { message, name, user } = reactionOf(call);
  const users = message.reactions.get(name);
  if (!users?.delete(user)) throw new SlackError("no_reaction");
  if (users.size === 0) message.reactions.delete(name);
  tellReaction(call, "reaction_removed", { message, name });
  return {};
};

/** An app is told of its own reactions, too. */
function tellReaction({ world, team }: MethodCall, type: string, about: { message: FakeMessage; name: string }): void {
  const { message, name } = about;
  const item = { type: "message", channel: message.channel, ts: message.ts };
  const event = { type, user: team.botUserId, reaction: name, item, item_user: message.user, event_ts: world.newTs() };
  world.tell(team, event);
}

const read = (call: MethodCall, pick: (message: FakeMessage) => boolean, newestFirst: boolean): Json => {
  const oldest = textArg(call, "oldest") ?? "0";
  const latest = textArg(call, "latest") ?? "9999999999.999999";
  const inclusive = flagArg(call, "inclusive");
  const within = (ts: string) => (ts > oldest && ts < latest) || (inclusive && (ts === oldest || ts === latest));
  const found = call.team.messages
    .filter((one) => !one.deleted && one.ephemeralTo === undefined && pick(one))
    .filter((one) => one.ts === textArg(call, "ts") || within(one.ts))
    .toSorted((a, b) => (a.ts < b.ts ? -1 : 1) * (newestFirst ? -1 : 1));
  const start = Number(textArg(call, "cursor") ?? 0);
  const end = start + Math.min(Number(textArg(call, "limit") ?? 100), 999);
  const metadata = flagArg(call, "include_all_metadata");
  return {
    messages: found.slice(start, end).map((one) => presentMessage(one, metadata)),
    has_more: found.length > end,
    ...(found.length > end ? { response_metadata: { next_cursor: String(end) } } : {}),
  };
};

const replies: Method = (call) => {
  const { id } = channelArg(call);
  const ts = neededArg(call, "ts");
  if (!findMessage(call.team, id, ts)) throw new SlackError("thread_not_found");
  return read(call, (one) => one.channel === id && (one.ts === ts || one.threadTs === ts), false);
};

const history: Method = (call) => {
  const { id } = channelArg(call);
  return read(call, (one) => one.channel === id && (one.threadTs === undefined || one.threadTs === one.ts), true);
};

export const CHAT_METHODS: Readonly<Record<string, Method>> = {
  "chat.postMessage": postMessage,
  "chat.postEphemeral": postEphemeral,
  "chat.update": update,
  "chat.delete": remove,
  "chat.getPermalink": getPermalink,
  "reactions.add": addReaction,
  "reactions.remove": removeReaction,
  "conversations.replies": replies,
  "conversations.history": history,
};
