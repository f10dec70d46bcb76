import { scopeOfEvent, subscriptionName } from "./scopes.ts";
import { asText, type FakeChannel, type FakeTeam, type Json } from "./state.ts";
import type { World } from "./world.ts";

/** The channel an event is about. */
function channelOf(team: FakeTeam, { channel, item }: Json): FakeChannel | undefined {
  const ofItem = typeof item === "object" && item !== null && "channel" in item ? item.channel : undefined;
  return team.channels.get(asText(channel ?? ofItem));
}

/** Whether the app subscribed to this event, and may read it. */
function isForApp(team: FakeTeam, event: Json, subscribed: ReadonlySet<string> | undefined): boolean {
  const channel = channelOf(team, event);
  const kind = channel?.kind ?? "channel";
  const type = asText(event["type"]);
  const scope = scopeOfEvent(type, kind);
  if (subscribed && !subscribed.has(subscriptionName(type, kind))) return false;
  if (scope !== undefined && !team.scopes.includes(scope)) return false;
  return !channel || channel.members.has(team.botUserId);
}

/** The event in its envelope; undefined when the app has not subscribed to it, or may not read it. */
export function wrapEvent(
  world: World,
  subscribed: ReadonlySet<string> | undefined,
  { team, event }: { team: FakeTeam; event: Json },
): Json | undefined {
  if (!isForApp(team, event, subscribed)) return undefined;
  const bot = { enterprise_id: null, team_id: team.id, user_id: team.botUserId, is_bot: true };
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
    authorizations: [{ ...bot, is_enterprise_install: false }],
    is_ext_shared_channel: channelOf(team, event)?.shared ?? false,
    event_context: world.newId("4-ctx"),
  };
}
