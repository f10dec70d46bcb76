import { setTimeout as sleep } from "node:timers/promises";
import { wrapEvent } from "./envelope.ts";
import { presentFile } from "./methods-files.ts";
import type { FakeFile, FakeMessage, FakeTeam, Json } from "./state.ts";
import type { Attempt, createPosting } from "./to-app.ts";
import { placeOf, presentMessage, type World } from "./world.ts";

export interface Saying {
  team?: FakeTeam;
  channel: string;
  user: string;
  text: string;
  threadTs?: string;
  files?: { name: string; content: Buffer; mimetype?: string; size?: number; checkInfo?: boolean }[];
  subtype?: string;
  /** How often each event is sent; all of them with the same event id. */
  copies?: number;
}

/** What somebody said, and how the app took the events about it. */
export interface Said {
  ts: string;
  message: FakeMessage;
  envelopes: Json[];
  /** Settles when each copy of each event was acknowledged or given up. */
  delivered: Promise<Attempt[][]>;
}

type NewFile = NonNullable<Saying["files"]>[number];

function addFile(world: World, team: FakeTeam, { user, given }: { user: string; given: NewFile }): FakeFile {
  const { name, content, mimetype = "application/octet-stream", size = content.length, checkInfo = false } = given;
  const file = { id: world.newId("F"), name, title: name, mimetype, content, user, size, checkInfo };
  team.files.set(file.id, file);
  return file;
}

/** The workspace somebody belongs to: another one's in a shared channel. */
const homeOf = (team: FakeTeam, user: string): string => team.users.get(user)?.teamId ?? team.id;

/** Puts what somebody says into its channel; a mention in a channel makes two events. */
function saidEvents(world: World, team: FakeTeam, saying: Saying): { message: FakeMessage; events: Json[] } {
  const { channel, user, text, threadTs } = saying;
  const files = (saying.files ?? []).map((given) => addFile(world, team, { user, given }));
  const message = world.post(team, { channel, ts: world.newTs(), threadTs, user, text, files });
  const home = homeOf(team, user);
  const common: Json = {
    ...presentMessage(message),
    ...placeOf(team, message),
    team: team.id,
    user_team: home,
    source_team: home,
    client_msg_id: world.newId("client"),
    ...(files.length === 0 ? {} : { files: files.map((file) => presentFile(world, team, file)), upload: false }),
  };
  const subtype = saying.subtype ?? (files.length > 0 ? "file_share" : undefined);
  const events: Json[] = [{ ...common, ...(subtype === undefined ? {} : { subtype }) }];
  if (text.includes(`<@${team.botUserId}>`) && team.channels.get(channel)?.kind !== "im") {
    const { channel_type: _, ...mention } = common;
    events.unshift({ ...mention, type: "app_mention" });
  }
  return { message, events };
}

/** What people do in Slack, told to the app. */
export function createPeople(
  world: World,
  posting: ReturnType<typeof createPosting>,
  subscribed: ReadonlySet<string> | undefined,
) {
  const firstTeam = () => [...world.teams.values()][0] as FakeTeam;
  const underWay = new Set<Promise<unknown>>();

  function track<T>(promise: Promise<T>): Promise<T> {
    const done = promise.finally(() => underWay.delete(done));
    underWay.add(done);
    return done;
  }

  const wrap = (team: FakeTeam, event: Json) => wrapEvent(world, subscribed, { team, event });

  const deliver = (envelope: Json, copies = 1): Promise<Attempt[][]> =>
    track(Promise.all(Array.from({ length: copies }, () => posting.event(envelope))));

  function tell(team: FakeTeam, event: Json): void {
    const envelope = wrap(team, event);
    if (envelope) void deliver(envelope).catch(() => undefined);
  }

  function say({ team = firstTeam(), copies = 1, ...saying }: Saying): Said {
    const { message, events } = saidEvents(world, team, saying);
    const envelopes = events.map((event) => wrap(team, event)).filter((one) => one !== undefined);
    const delivered = track(Promise.all(envelopes.map((one) => deliver(one, copies))).then((all) => all.flat()));
    return { ts: message.ts, message, envelopes, delivered };
  }

  function react(message: FakeMessage, user: string, name: string, added = true): void {
    const team = world.teams.get(message.team) as FakeTeam;
    const users = message.reactions.get(name) ?? new Set();
    if (added) message.reactions.set(name, users.add(user));
    else users.delete(user);
    const item = { type: "message", channel: message.channel, ts: message.ts };
    const type = added ? "reaction_added" : "reaction_removed";
    tell(team, { type, user, reaction: name, item, item_user: message.user, event_ts: world.newTs() });
  }

  /** Somebody changes what they said; the app gets `message_changed`. */
  function edit(message: FakeMessage, text: string): void {
    const team = world.teams.get(message.team) as FakeTeam;
    const previous = presentMessage(message);
    message.text = text;
    message.edits += 1;
    const now = { message: presentMessage(message), previous_message: previous, hidden: true };
    tell(team, { type: "message", subtype: "message_changed", ...now, ...placeOf(team, message), ts: world.newTs() });
  }

  /** The admin removes the app: its token dies, then the app is told. */
  function uninstall(team: FakeTeam): void {
    const envelopes = [
      { type: "tokens_revoked", tokens: { oauth: [], bot: [team.botUserId] } },
      { type: "app_uninstalled" },
    ].map((event) => wrap(team, event));
    team.installed = false;
    for (const envelope of envelopes) if (envelope) void deliver(envelope).catch(() => undefined);
  }

  return {
    wrap, deliver, tell, say, react, edit, uninstall,
    /** Waits until every event so far was acknowledged or given up. */
    async settled(): Promise<void> {
      while (underWay.size > 0) {
        await Promise.allSettled(underWay);
        await sleep(1);
      }
    },
  }; // prettier-ignore
}
