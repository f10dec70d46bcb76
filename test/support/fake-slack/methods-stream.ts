import { checkBlocks, checkMetadata } from "./block-rules.ts";
import {
  channelArg, listArg, neededArg, objectArg, ownMessage, textArg, threadArg, writableChannel, type Method, type MethodCall,
} from "./call.ts"; // prettier-ignore
import { SlackError } from "./slack-error.ts";
import { asText, type FakeChannel, type FakeMessage, type Json } from "./state.ts";
import { noteHistory } from "./world.ts";

const MAX_CALL = 12_000;
const MAX_TASK_TEXT = 256;
const STATUSES = new Set(["pending", "in_progress", "complete", "error"]);

/** Outside direct messages Slack must know for whom the stream is. */
function checkRecipient(call: MethodCall, channel: FakeChannel): void {
  if (channel.kind === "im") return;
  const team = textArg(call, "recipient_team_id");
  const user = textArg(call, "recipient_user_id");
  if (team === undefined) throw new SlackError("missing_recipient_team_id");
  if (user === undefined) throw new SlackError("missing_recipient_user_id");
  const known = call.team.users.get(user);
  if (!known) throw new SlackError("user_not_found");
  if (known.teamId !== team) throw new SlackError("team_not_found");
}

function shortText(chunk: Json, field: string): string | undefined {
  const value = chunk[field];
  if (value === undefined) return undefined;
  if (typeof value !== "string" || value.length > MAX_TASK_TEXT) throw new SlackError("invalid_chunks");
  return value;
}

function takeTask(message: FakeMessage, chunk: Json): void {
  const { id, status } = chunk;
  if (typeof id !== "string" || typeof status !== "string" || !STATUSES.has(status))
    throw new SlackError("invalid_chunks");
  const title = shortText(chunk, "title");
  if (title === undefined) throw new SlackError("invalid_chunks");
  const before = message.tasks.get(id) ?? {};
  const details = `${asText(before["details"])}${shortText(chunk, "details") ?? ""}`;
  message.tasks.set(id, {
    ...before,
    id,
    title,
    status,
    details,
    output: shortText(chunk, "output") ?? before["output"],
  });
}

function takeChunk(message: FakeMessage, chunk: Json): void {
  if (chunk["type"] === "markdown_text") {
    const { text } = chunk;
    if (typeof text !== "string") throw new SlackError("invalid_chunks");
    if (text.length > MAX_CALL) throw new SlackError("msg_too_long");
    message.markdown += text;
  } else if (chunk["type"] === "task_update") takeTask(message, chunk);
  else if (chunk["type"] === "plan_update") message.planTitle = shortText(chunk, "title");
  else if (chunk["type"] === "blocks") {
    const blocks = chunk["blocks"] as Json[];
    checkBlocks(blocks);
    message.blocks.push(...blocks);
  } else throw new SlackError("invalid_chunks");
}

function takeText(message: FakeMessage, text: string, chunks: readonly Json[]): void {
  if (text.length > MAX_CALL) throw new SlackError("msg_too_long");
  if (chunks.length > 0) throw new SlackError("markdown_text_conflict");
  message.markdown += text;
}

/** What a call brings: markdown_text or chunks. At least one unless `mayBeEmpty`. */
function take(call: MethodCall, message: FakeMessage, mayBeEmpty: boolean): void {
  const text = textArg(call, "markdown_text");
  const chunks = listArg(call, "chunks", "invalid_chunks") ?? [];
  if (text === undefined && chunks.length === 0 && !mayBeEmpty) throw new SlackError("no_text");
  if (text !== undefined) takeText(message, text, chunks);
  for (const chunk of chunks) takeChunk(message, chunk);
}

/** A stream ends by itself some minutes after its start, appends or not, and earlier when nothing comes. */
function expire({ world }: MethodCall, message: FakeMessage): void {
  const now = Date.now();
  const over = now - message.startedAt > world.streamLifeMs || now - message.appendedAt > world.streamIdleMs;
  if (message.stream === "open" && over) message.stream = "expired";
}

function openStream(call: MethodCall): FakeMessage {
  checkStreaming(call);
  const message = ownMessage(call, channelArg(call), "message_not_owned_by_app");
  expire(call, message);
  if (message.stream !== "open") throw new SlackError("message_not_in_streaming_state");
  return message;
}

function checkStreaming({ team }: MethodCall): void {
  if (team.streaming !== true) throw new SlackError(team.streaming);
}

const start: Method = (call) => {
  const { world, team } = call;
  checkStreaming(call);
  const channel = writableChannel(call);
  checkRecipient(call, channel);
  const threadTs = threadArg(call, channel);
  if (threadTs === undefined && channel.kind === "im") throw new SlackError("invalid_thread_ts");
  const ts = world.newTs();
  const draft = { channel: channel.id, ts, threadTs, user: team.botUserId, botId: team.botId };
  const message = world.post(team, { ...draft, stream: "open" });
  try {
    take(call, message, true);
  } catch (error) {
    message.deleted = true;
    throw error;
  }
  world.changed(team, message, false);
  return { channel: channel.id, ts };
};

const append: Method = (call) => {
  const message = openStream(call);
  take(call, message, false);
  message.appends += 1;
  message.appendedAt = Date.now();
  call.world.changed(call.team, message, false);
  return { channel: message.channel, ts: message.ts };
};

const stop: Method = (call) => {
  const message = openStream(call);
  const blocks = listArg(call, "blocks", "invalid_blocks_format") ?? [];
  checkBlocks(blocks);
  const metadata = objectArg(call, "metadata", "invalid_metadata_format");
  checkMetadata(metadata);
  take(call, message, true);
  message.blocks.push(...blocks);
  message.metadata = metadata ?? message.metadata;
  message.stream = "stopped";
  call.world.changed(call.team, message);
  return { channel: message.channel, ts: message.ts };
};

const setStatus: Method = (call) => {
  const id = neededArg(call, "channel_id");
  const channel = call.team.channels.get(id);
  if (!channel) throw new SlackError("channel_not_found");
  const message = call.team.messages.find((one) => one.channel === id && one.ts === textArg(call, "thread_ts"));
  if (message) noteHistory(message);
  return {};
};

export const STREAM_METHODS: Readonly<Record<string, Method>> = {
  "chat.startStream": start,
  "chat.appendStream": append,
  "chat.stopStream": stop,
  "assistant.threads.setStatus": setStatus,
  "assistant.threads.setTitle": setStatus,
  "assistant.threads.setSuggestedPrompts": setStatus,
};
