import { checkView } from "./block-rules.ts";
import { channelArg, neededArg, objectArg, textArg, type Method, type MethodCall } from "./call.ts";
import { SlackError } from "./slack-error.ts";
import type { FakeUser, Json } from "./state.ts";

const authTest: Method = ({ world, team }) => ({
  url: `${world.origin}/`,
  team: team.name,
  team_id: team.id,
  user: "orchestrator",
  user_id: team.botUserId,
  bot_id: team.botId,
  is_enterprise_install: false,
});

export const presentUser = (user: FakeUser, seenFrom: string): Json => ({
  id: user.id,
  team_id: user.teamId,
  name: user.name,
  deleted: user.deleted ?? false,
  real_name: user.name[0]?.toUpperCase() + user.name.slice(1),
  profile: {
    display_name: user.name,
    real_name: user.name[0]?.toUpperCase() + user.name.slice(1),
    email: `${user.name}@example.com`,
  },
  is_bot: user.isBot ?? false,
  is_restricted: (user.isRestricted ?? false) || (user.isUltraRestricted ?? false),
  is_ultra_restricted: user.isUltraRestricted ?? false,
  ...(user.teamId === seenFrom ? {} : { is_stranger: true }),
});

const usersInfo: Method = (call) => {
  const user = call.team.users.get(neededArg(call, "user"));
  if (!user) throw new SlackError("user_not_found");
  return { user: presentUser(user, call.team.id) };
};

const conversationsInfo: Method = (call) => {
  const { id, name, kind, members, archived, shared } = channelArg(call);
  return {
    channel: {
      id,
      ...(kind === "im" ? { user: [...call.team.users.values()].find((user) => user.name === name)?.id } : { name }),
      is_channel: kind === "channel",
      is_group: kind === "group",
      is_im: kind === "im",
      is_mpim: kind === "mpim",
      is_private: kind !== "channel",
      is_archived: archived,
      is_ext_shared: shared,
      is_member: members.has(call.team.botUserId),
    },
  };
};

const conversationsOpen: Method = (call) => {
  const user = call.team.users.get(neededArg(call, "users"));
  const found = user && [...call.team.channels.values()].find(({ kind, name }) => kind === "im" && name === user.name);
  if (!found) throw new SlackError("user_not_found");
  return { channel: { id: found.id } };
};

const conversationsMembers: Method = (call) => ({ members: [...channelArg(call).members] });

function takeView(call: MethodCall): Json {
  const view = objectArg(call, "view", "invalid_arguments") ?? {};
  checkView(view);
  return view;
}

const openView: Method = (call) => {
  const { world, team } = call;
  neededArg(call, "trigger_id");
  const view = {
    ...takeView(call),
    id: world.newId("V"),
    team_id: team.id,
    hash: world.newId("h"),
    state: { values: {} },
  };
  world.views.push(view);
  return { view };
};

const publishView: Method = (call) => {
  const { world, team } = call;
  neededArg(call, "user_id");
  const view = { ...takeView(call), id: world.newId("V"), team_id: team.id };
  world.views.push(view);
  return { view };
};

const updateView: Method = (call) => {
  const { world } = call;
  const id = textArg(call, "view_id");
  const old = world.views.find((view) => view["id"] === id);
  if (!old) throw new SlackError("not_found");
  Object.assign(old, takeView(call), { hash: world.newId("h") });
  return { view: old };
};

const teamInfo: Method = ({ team }) => ({ team: { id: team.id, name: team.name, domain: team.name.toLowerCase() } });

const botsInfo: Method = ({ world, team }) => ({
  bot: { id: team.botId, user_id: team.botUserId, name: "orchestrator", app_id: world.appId },
});

const revoke: Method = ({ team }) => {
  team.installed = false;
  return { revoked: true };
};

export const FACT_METHODS: Readonly<Record<string, Method>> = {
  "auth.test": authTest,
  "auth.revoke": revoke,
  "users.info": usersInfo,
  "conversations.info": conversationsInfo,
  "conversations.open": conversationsOpen,
  "conversations.members": conversationsMembers,
  "team.info": teamInfo,
  "bots.info": botsInfo,
  "views.open": openView,
  "views.push": openView,
  "views.publish": publishView,
  "views.update": updateView,
};
