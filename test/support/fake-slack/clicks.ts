import { SlackError } from "./slack-error.ts";
import type { FakeMessage, FakeTeam, Json } from "./state.ts";
import type { Attempt, createPosting } from "./to-app.ts";
import { presentMessage, type World } from "./world.ts";

/** Every interactive element of a message, with the block it stands in. */
function elementsOf(message: FakeMessage): { block: Json; element: Json }[] {
  return message.blocks.flatMap((block) => {
    const elements = Array.isArray(block["elements"]) ? (block["elements"] as Json[]) : [];
    const accessory = block["accessory"] as Json | undefined;
    return [...elements, ...(accessory ? [accessory] : [])].map((element) => ({ block, element }));
  });
}

const label = (element: Json): string =>
  String(
    (element["text"] as Json | undefined)?.["text"] ?? (element["placeholder"] as Json | undefined)?.["text"] ?? "",
  );

/** The element with this action id or label. */
function find(message: FakeMessage, name: string): { block: Json; element: Json } {
  const all = elementsOf(message);
  const found = all.find(({ element }) => element["action_id"] === name || label(element) === name);
  if (!found)
    throw new Error(`no ${name} in message ${message.ts}: it has ${all.map((one) => label(one.element)).join(", ")}`);
  return found;
}

/** Buttons, menus, views, shortcuts and commands, used by people. */
export function createClicks(world: World, posting: ReturnType<typeof createPosting>) {
  const teamOf = (id: string): FakeTeam => {
    const team = world.teams.get(id);
    if (!team) throw new SlackError("team_not_found");
    return team;
  };

  function link(team: FakeTeam, about: { message?: FakeMessage; channel: string; user: string }): string {
    const id = world.newId("resp");
    world.responseUrls.set(id, {
      team: team.id,
      message: about.message,
      channel: about.channel,
      user: about.user,
      uses: 0,
    });
    return `${world.origin}/response/${id}`;
  }

  const who = (team: FakeTeam, user: string): Json => ({
    id: user,
    username: team.users.get(user)?.name,
    name: team.users.get(user)?.name,
    team_id: team.users.get(user)?.teamId ?? team.id,
  });

  const frame = (team: FakeTeam, type: string, user: string): Json => ({
    type,
    team: { id: team.id, domain: team.name.toLowerCase() },
    user: who(team, user),
    api_app_id: world.appId,
    token: "fake-verification-token",
    enterprise: null,
    is_enterprise_install: false,
    trigger_id: world.newId("trigger"),
  });

  /** Presses what has this action id or label; in a menu, chooses the option with this value or text. */
  function click(message: FakeMessage, user: string, use: { name: string; option?: string }): Promise<Attempt> {
    const team = teamOf(message.team);
    const { block, element } = find(message, use.name);
    const options = (element["options"] ?? []) as Json[];
    const selected = options.find(
      (option) => option["value"] === use.option || (option["text"] as Json | undefined)?.["text"] === use.option,
    );
    if (use.option !== undefined && !selected) throw new Error(`the menu ${use.name} has no option ${use.option}`);
    const action = {
      type: element["type"],
      action_id: element["action_id"] ?? world.newId("act"),
      block_id: block["block_id"] ?? world.newId("blk"),
      ...(element["value"] === undefined ? {} : { value: element["value"] }),
      ...(element["text"] === undefined ? {} : { text: element["text"] }),
      ...(selected ? { selected_option: selected } : {}),
      action_ts: world.newTs(),
    };
    const { channel, ts, threadTs } = message;
    const isEphemeral = message.ephemeralTo !== undefined;
    const thread = threadTs === undefined ? {} : { thread_ts: threadTs };
    return posting.ask("interactive", {
      ...frame(team, "block_actions", user),
      container: { type: "message", message_ts: ts, channel_id: channel, is_ephemeral: isEphemeral, ...thread },
      channel: { id: channel, name: team.channels.get(channel)?.name },
      ...(isEphemeral ? {} : { message: presentMessage(message) }),
      state: { values: {} },
      response_url: link(team, { message, channel, user }),
      actions: [action],
    });
  }

  /** Fills in and sends the view that was opened last; `values` by block id and action id. */
  function submitView(team: FakeTeam, user: string, values: Record<string, Record<string, Json>>): Promise<Attempt> {
    const view = world.views.at(-1);
    if (!view) throw new Error("no view was opened");
    return posting.ask("interactive", {
      ...frame(team, "view_submission", user),
      view: { ...view, state: { values } },
    });
  }

  function shortcut(message: FakeMessage, user: string, callbackId: string): Promise<Attempt> {
    const team = teamOf(message.team);
    const { channel, ts } = message;
    return posting.ask("interactive", {
      ...frame(team, "message_action", user),
      callback_id: callbackId,
      action_ts: world.newTs(),
      message_ts: ts,
      channel: { id: channel, name: team.channels.get(channel)?.name },
      message: presentMessage(message),
      response_url: link(team, { message, channel, user }),
    });
  }

  /** A command such as `/claude`; what is answered at once is shown to the user alone. */
  async function command(
    team: FakeTeam,
    given: { user: string; channel: string; command: string; text: string },
  ): Promise<Attempt> {
    const { user, channel } = given;
    const answer = await posting.ask("slash_commands", {
      token: "fake-verification-token",
      team_id: team.id,
      team_domain: team.name.toLowerCase(),
      channel_id: channel,
      channel_name: team.channels.get(channel)?.name ?? "",
      user_id: user,
      user_name: team.users.get(user)?.name ?? "",
      command: given.command,
      text: given.text,
      api_app_id: world.appId,
      is_enterprise_install: "false",
      response_url: link(team, { channel, user }),
      trigger_id: world.newId("trigger"),
    });
    showAnswer(team, { user, channel, body: answer.body });
    return answer;
  }

  function showAnswer(team: FakeTeam, given: { user: string; channel: string; body: string }): void {
    if (given.body.trim() === "") return;
    const isJson = given.body.trim().startsWith("{");
    const { text, blocks, response_type: type } = (isJson ? JSON.parse(given.body) : { text: given.body }) as Json;
    const message = { channel: given.channel, ts: world.newTs(), user: team.botUserId, botId: team.botId };
    const ephemeralTo = type === "in_channel" ? undefined : given.user;
    world.post(team, { ...message, text: String(text ?? ""), blocks: (blocks ?? []) as Json[], ephemeralTo });
  }

  return { click, submitView, shortcut, command };
}
