import { z } from "zod";
import { createRecent } from "../../lib/recent.ts";
import type { Person } from "./may-ask.ts";
import type { SlackClients } from "./slack-clients.ts";

const UserInfo = z.object({
  user: z.object({
    id: z.string(),
    team_id: z.string().nullish(),
    name: z.string().nullish(),
    real_name: z.string().nullish(),
    deleted: z.boolean().nullish(),
    is_bot: z.boolean().nullish(),
    is_restricted: z.boolean().nullish(),
    is_ultra_restricted: z.boolean().nullish(),
    is_stranger: z.boolean().nullish(),
    enterprise_user: z.object({ teams: z.array(z.string()).nullish() }).nullish(),
    profile: z.object({ display_name: z.string().nullish(), real_name: z.string().nullish() }).nullish(),
  }),
});

const ChannelInfo = z.object({ channel: z.object({ name: z.string().nullish() }) });

const MAX_KNOWN = 5_000;
const KNOWN_MS = 10 * 60_000;
const MAX_NAME = 100;
/** Names for the text of one message; more people than this stay ids. */
const MAX_NAMES_ONCE = 20;

type User = z.infer<typeof UserInfo>["user"];

function nameOf(user: User): string {
  const names = [user.profile?.display_name, user.profile?.real_name, user.real_name, user.name, user.id];
  const name = names.find((one) => one != null && one.trim() !== "") ?? user.id;
  return name.replaceAll(/\s+/g, " ").trim().slice(0, MAX_NAME);
}

function isStranger(user: User, team: string): boolean {
  if (user.is_stranger === true) return true;
  const teams = user.enterprise_user?.teams ?? [];
  return user.team_id != null && user.team_id !== team && !teams.includes(team);
}

/** Who people are and how channels are called; looked up once in ten minutes. */
export function createPeople({ clients }: { clients: SlackClients }) {
  const people = createRecent<Person>({ max: MAX_KNOWN, ttlMs: KNOWN_MS });
  const channels = createRecent<string | null>({ max: MAX_KNOWN, ttlMs: KNOWN_MS });

  /** Rejects when Slack does not say: then nobody can know whether the person may ask. */
  async function find(team: string, id: string): Promise<Person> {
    const key = `${team}/${id}`;
    const known = people.get(key);
    if (known) return known;
    const client = await clients.of(team);
    if (!client) throw new Error("this workspace has not installed the app");
    const { user } = UserInfo.parse(await client.interactive.users.info({ user: id }));
    const person: Person = {
      id,
      name: nameOf(user),
      isBot: user.is_bot === true,
      isGuest: user.is_restricted === true || user.is_ultra_restricted === true,
      isStranger: isStranger(user, team),
    };
    people.put(key, person);
    return person;
  }

  return {
    find,

    /** Display names by id; who cannot be looked up is left out. */
    async names(team: string, ids: readonly string[]): Promise<Map<string, string>> {
      const found = await Promise.all(ids.slice(0, MAX_NAMES_ONCE).map((id) => find(team, id).catch(() => undefined)));
      return new Map(found.flatMap((person) => (person ? [[person.id, person.name]] : [])));
    },

    /** Without its `#`; null when it has none (a direct message) or may not be looked up. */
    async channelName(team: string, channel: string): Promise<string | null> {
      const key = `${team}/${channel}`;
      const known = channels.get(key);
      if (known !== undefined) return known;
      const client = await clients.of(team);
      const answer = await client?.interactive.conversations.info({ channel }).catch(() => undefined);
      const read = ChannelInfo.safeParse(answer);
      if (!read.success) return null;
      const name = read.data.channel.name ?? null;
      channels.put(key, name);
      return name;
    },
  };
}

export type People = ReturnType<typeof createPeople>;
