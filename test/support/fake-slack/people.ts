import { setTimeout as sleep } from "node:timers/promises";
import { presentFile } from "./methods-files.ts";
import { scopeOfEvent, subscriptionName } from "./scopes.ts";
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

  /** The event in its envelope; undefined when the app has not subscribed to it, or may not read it. */
  function wrap(team: FakeTeam, event: Json): Json | undefined {
    const channel = team.channels.get(
      String(event["channel"] ?? (event["item"] as Json | undefined)?.["channel"] ?? ""),
    );
    const kind = channel?.kind ?? "channel";
    const type = String(event["type"]);
    const scope = scopeOfEvent(type, kind);
    if (subscribed && !subscribed.has(subscriptionName(type, kind))) return undefined;
    if (scope !== undefined && !team.scopes.includes(scope)) return undefined;
    if (channel && !channel.members.has(team.botUserId)) return undefined;
    return {
      token: "fake-verification-token",
      team_id: team.id,
      context_team_id: team.id,
      context_enterprise_id: null,
      api_app_id: world.appId,
      event,
      type: "event_callback",
      event_id: world.newId("Ev"),
      event_time: Math.floor(Date.now() / 1000),
      authorizations: [
        { enterprise_id: null, team_id: team.id, user_id: team.botUserId, is_bot: true, is_enterprise_install: false },
      ],
      is_ext_shared_channel: channel?.shared ?? false,
      event_context: world.newId("4-ctx"),
    };
  }

  const deliver = (envelope: Json, copies = 1): Promise<Attempt[][]> =>
    track(Promise.all(Array.from({ length: copies }, () => posting.event(envelope))));

  function tell(team: FakeTeam, event: Json): void {
    const envelope = wrap(team, event);
    if (envelope) void deliver(envelope).catch(() => undefined);
  }

  function addFile(team: FakeTeam, user: string, given: NonNullable<Saying["files"]>[number]): FakeFile {
    const { name, content, mimetype = "application/octet-stream", size = content.length, checkInfo = false } = given;
    const file = { id: world.newId("F"), name, title: name, mimetype, content, user, size, checkInfo };
    team.files.set(file.id, file);
    return file;
  }

  function say(saying: Saying): Said {
    const { team = firstTeam(), channel, user, text, threadTs, copies = 1 } = saying;
    const files = (saying.files ?? []).map((given) => addFile(team, user, given));
    const message = world.post(team, { channel, ts: world.newTs(), threadTs, user, text, files });
    const common: Json = {
      ...presentMessage(message),
      ...placeOf(team, message),
      team: team.id,
      user_team: team.users.get(user)?.teamId ?? team.id,
      source_team: team.users.get(user)?.teamId ?? team.id,
      client_msg_id: world.newId("client"),
      ...(files.length === 0 ? {} : { files: files.map((file) => presentFile(world, team, file)), upload: false }),
    };
    const subtype = saying.subtype ?? (files.length > 0 ? "file_share" : undefined);
    const events: Json[] = [{ ...common, ...(subtype === undefined ? {} : { subtype }) }];
    const direct = team.channels.get(channel)?.kind === "im";
    if (text.includes(`<@${team.botUserId}>`) && !direct) {
      const { channel_type: _, ...mention } = common;
      events.unshift({ ...mention, type: "app_mention" });
    }
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
        // eslint-disable-next-line no-await-in-loop -- what is under way may start more.
        await Promise.allSettled(underWay);
        // eslint-disable-next-line no-await-in-loop -- lets what depends on it begin.
        await sleep(1);
      }
    },
  }; // prettier-ignore
}
