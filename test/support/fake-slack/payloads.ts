import { SlackError } from "./slack-error.ts";
import { asText, type FakeMessage, type FakeTeam, type Json } from "./state.ts";
import type { World } from "./world.ts";

export function teamOf(world: World, { team: id }: FakeMessage): FakeTeam {
  const team = world.teams.get(id);
  if (!team) throw new SlackError("team_not_found");
  return team;
}

/** A new response_url. */
export function responseUrl(
  world: World,
  team: FakeTeam,
  { message, channel, user }: { message?: FakeMessage; channel: string; user: string },
): string {
  const id = world.newId("resp");
  world.responseUrls.set(id, { team: team.id, message, channel, user, uses: 0 });
  return `${world.origin}/response/${id}`;
}

/** What all interactions have in common. */
export const frame = (world: World, team: FakeTeam, { type, user }: { type: string; user: string }): Json => ({
  type,
  team: { id: team.id, domain: team.name.toLowerCase() },
  user: {
    id: user,
    username: team.users.get(user)?.name,
    name: team.users.get(user)?.name,
    team_id: team.users.get(user)?.teamId ?? team.id,
  },
  api_app_id: world.appId,
  token: "fake-verification-token",
  enterprise: null,
  is_enterprise_install: false,
  trigger_id: world.newId("trigger"),
});

/** Every interactive element of a message, with the block it stands in. */
function elementsOf(message: FakeMessage): { block: Json; element: Json }[] {
  return message.blocks.flatMap((block) => {
    const elements = Array.isArray(block["elements"]) ? (block["elements"] as Json[]) : [];
    const accessory = block["accessory"] as Json | undefined;
    return [...elements, ...(accessory ? [accessory] : [])].map((element) => ({ block, element }));
  });
}

const label = (element: Json): string =>
  asText(((element["text"] ?? element["placeholder"]) as Json | undefined)?.["text"]);

/** The element with this action id or label. */
function find(message: FakeMessage, name: string): { block: Json; element: Json } {
  const all = elementsOf(message);
  const found = all.find(({ element }) => element["action_id"] === name || label(element) === name);
  if (!found)
    throw new Error(`no ${name} in message ${message.ts}: it has ${all.map((one) => label(one.element)).join(", ")}`);
  return found;
}

/** The `actions` of pressing what has this action id or label; in a menu, of choosing an option by its value or text. */
export function pressed(world: World, message: FakeMessage, use: { name: string; option?: string }): Json[] {
  const { block, element } = find(message, use.name);
  const options = (element["options"] ?? []) as Json[];
  const selected = options.find(
    (option) => option["value"] === use.option || (option["text"] as Json | undefined)?.["text"] === use.option,
  );
  if (use.option !== undefined && !selected) throw new Error(`the menu ${use.name} has no option ${use.option}`);
  const { type, value, text } = element;
  return [
    {
      type,
      action_id: element["action_id"] ?? world.newId("act"),
      block_id: block["block_id"] ?? world.newId("blk"),
      ...(value === undefined ? {} : { value }),
      ...(text === undefined ? {} : { text }),
      ...(selected ? { selected_option: selected } : {}),
      action_ts: world.newTs(),
    },
  ];
}
