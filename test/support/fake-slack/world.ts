import { fencesBalance, markdownParts, markupOf, pingsIn, shown } from "./shown.ts";
import type { FakeMessage, FakeTeam, Json, NewMessage } from "./state.ts";
import { makeMessage } from "./state.ts";

/** One call as it was made and answered. */
export interface RecordedCall {
  at: number;
  method: string;
  team: string | undefined;
  args: Json;
  /** What was answered; undefined when the answer was withheld. */
  answer: Json | undefined;
  status: number;
}

/** Everything the parts of the fake share. */
export interface World {
  origin: string;
  apiUrl: string;
  signingSecret: string;
  clientId: string;
  clientSecret: string;
  appId: string;
  appToken: string;
  /** How long a stream stays open, and how long without an append. */
  streamLifeMs: number;
  streamIdleMs: number;
  teams: Map<string, FakeTeam>;
  calls: RecordedCall[];
  /** What was done to us that real Slack, or its users, would suffer from. */
  faults: string[];
  /** People whom messages of the bot pinged, and where. */
  pings: { channel: string; ts: string; who: string }[];
  /** Views opened or updated, the newest last. */
  views: Json[];
  /** Uploads that wait for files.completeUploadExternal. */
  uploads: Map<string, { team: string; name: string; length: number; content: Buffer | undefined }>;
  responseUrls: Map<
    string,
    { team: string; message: FakeMessage | undefined; channel: string; user: string; uses: number }
  >;
  codes: Map<string, { team: string; redirectUri: string }>;
  socketTickets: Set<string>;
  newTs(): string;
  newId(prefix: string): string;
  /** Tells the app, if it subscribed to this. */
  tell(team: FakeTeam, event: Json): void;
  post(team: FakeTeam, message: NewMessage): FakeMessage;
  changed(team: FakeTeam, message: FakeMessage, told?: boolean): void;
}

/** What a message has got since it was posted. */
function presentChanges({ user, ts, edits, reactions, stream }: FakeMessage): Json {
  return {
    ...(edits === 0 ? {} : { edited: { user, ts } }),
    ...(reactions.size === 0
      ? {}
      : { reactions: [...reactions].map(([name, users]) => ({ name, users: [...users], count: users.size })) }),
    ...(stream === "open" ? { streaming_state: "in_progress" } : {}),
  };
}

/** A message as events and conversations.* give it. */
export function presentMessage(message: FakeMessage, withMetadata = true): Json {
  const { threadTs, botId, blocks, markdown, files, metadata } = message;
  const all = markdown === "" ? blocks : [{ type: "markdown", text: markdown }, ...blocks];
  return {
    type: "message",
    user: message.user,
    ts: message.ts,
    team: message.team,
    text: message.text === "" ? shown(message).slice(0, 3000) : message.text,
    ...(threadTs === undefined ? {} : { thread_ts: threadTs }),
    ...(botId === undefined ? {} : { bot_id: botId, app_id: "A0FAKEAPP1" }),
    ...(all.length === 0 ? {} : { blocks: all }),
    ...(files.length === 0 ? {} : { files: files.map(({ id, name }) => ({ id, name })) }),
    ...(metadata && withMetadata ? { metadata } : {}),
    ...presentChanges(message),
  };
}

const EVERYBODY = /^!(channel|here|everyone|subteam)/;

/** Looks at what the bot made a message say: pings of many people and broken fences are faults. */
export function judge(world: World, message: FakeMessage): void {
  for (const who of pingsIn(markupOf(message))) {
    const { channel, ts } = message;
    if (world.pings.some((ping) => ping.ts === ts && ping.who === who)) continue;
    world.pings.push({ channel, ts, who });
    if (EVERYBODY.test(who)) world.faults.push(`message ${ts} in ${channel} pings <${who}>`);
  }
  if (message.stream === "open") return;
  for (const part of markdownParts(message))
    if (!fencesBalance(part)) world.faults.push(`message ${message.ts} in ${message.channel} leaves a code fence open`);
}

export const noteHistory = (message: FakeMessage): void =>
  void message.history.push({ at: Date.now(), shown: shown(message) });

/** Adds a message to its channel and tells the app about it. */
export function postInto(world: World, team: FakeTeam, given: NewMessage): FakeMessage {
  const message = makeMessage(team, given, Date.now());
  team.messages.push(message);
  noteHistory(message);
  if (message.botId !== undefined) judge(world, message);
  if (message.botId !== undefined && message.ephemeralTo === undefined)
    world.tell(team, { ...presentMessage(message), ...placeOf(team, message) });
  return message;
}

/** The fields an event about a message says its place by. */
export function placeOf(team: FakeTeam, message: FakeMessage): Json {
  const kind = team.channels.get(message.channel)?.kind ?? "channel";
  return { channel: message.channel, channel_type: kind, event_ts: message.ts };
}
