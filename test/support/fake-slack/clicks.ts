import { frame, pressed, responseUrl, teamOf } from "./payloads.ts";
import { asText, type FakeMessage, type FakeTeam, type Json } from "./state.ts";
import type { Attempt, createPosting } from "./to-app.ts";
import { presentMessage, type World } from "./world.ts";

interface Command {
  user: string;
  channel: string;
  command: string;
  text: string;
}

/** The form that a command comes as. */
const commandForm = (world: World, team: FakeTeam, { user, channel, command, text }: Command): Json => ({
  token: "fake-verification-token",
  team_id: team.id,
  team_domain: team.name.toLowerCase(),
  channel_id: channel,
  channel_name: team.channels.get(channel)?.name ?? "",
  user_id: user,
  user_name: team.users.get(user)?.name ?? "",
  command,
  text,
  api_app_id: world.appId,
  is_enterprise_install: "false",
  response_url: responseUrl(world, team, { channel, user }),
  trigger_id: world.newId("trigger"),
});

/** Shows what a command was answered at once. */
function showAnswer(world: World, team: FakeTeam, given: { user: string; channel: string; body: string }): void {
  if (given.body.trim() === "") return;
  const isJson = given.body.trim().startsWith("{");
  const { text, blocks, response_type: type } = (isJson ? JSON.parse(given.body) : { text: given.body }) as Json;
  const message = { channel: given.channel, ts: world.newTs(), user: team.botUserId, botId: team.botId };
  const ephemeralTo = type === "in_channel" ? undefined : given.user;
  world.post(team, { ...message, text: asText(text), blocks: (blocks ?? []) as Json[], ephemeralTo });
}

/** Buttons, menus, views, shortcuts and commands, used by people. */
export function createClicks(world: World, posting: ReturnType<typeof createPosting>) {
  /** Presses what has this action id or label; in a menu, chooses the option with this value or text. */
  function click(message: FakeMessage, user: string, use: { name: string; option?: string }): Promise<Attempt> {
    const team = teamOf(world, message);
    const { channel, ts, threadTs } = message;
    const isEphemeral = message.ephemeralTo !== undefined;
    const thread = threadTs === undefined ? {} : { thread_ts: threadTs };
    return posting.ask("interactive", {
      ...frame(world, team, { type: "block_actions", user }),
      container: { type: "message", message_ts: ts, channel_id: channel, is_ephemeral: isEphemeral, ...thread },
      channel: { id: channel, name: team.channels.get(channel)?.name },
      ...(isEphemeral ? {} : { message: presentMessage(message) }),
      state: { values: {} },
      response_url: responseUrl(world, team, { message, channel, user }),
      actions: pressed(world, message, use),
    });
  }

  /** Fills in and sends the view that was opened last; `values` by block id and action id. */
  function submitView(team: FakeTeam, user: string, values: Record<string, Record<string, Json>>): Promise<Attempt> {
    const view = world.views.at(-1);
    if (!view) throw new Error("no view was opened");
    return posting.ask("interactive", {
      ...frame(world, team, { type: "view_submission", user }),
      view: { ...view, state: { values } },
    });
  }

  function shortcut(message: FakeMessage, user: string, callbackId: string): Promise<Attempt> {
    const team = teamOf(world, message);
    const { channel, ts } = message;
    return posting.ask("interactive", {
      ...frame(world, team, { type: "message_action", user }),
      callback_id: callbackId,
      action_ts: world.newTs(),
      message_ts: ts,
      channel: { id: channel, name: team.channels.get(channel)?.name },
      message: presentMessage(message),
      response_url: responseUrl(world, team, { message, channel, user }),
    });
  }

  /** A command such as `/claude`; what is answered at once is shown to the user alone. */
  async function command(team: FakeTeam, given: Command): Promise<Attempt> {
    const { user, channel } = given;
    const answer = await posting.ask("slash_commands", commandForm(world, team, given));
    showAnswer(world, team, { user, channel, body: answer.body });
    return answer;
  }

  return { click, submitView, shortcut, command };
}
