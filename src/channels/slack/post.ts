import { z } from "zod";

export const SlackFile = z.object({
  id: z.string().max(100),
  name: z.string().nullish(),
  title: z.string().nullish(),
  mimetype: z.string().nullish(),
  size: z.number().nullish(),
  mode: z.string().nullish(),
  file_access: z.string().nullish(),
  url_private: z.string().nullish(),
  url_private_download: z.string().nullish(),
});
export type SlackFile = z.infer<typeof SlackFile>;

const Attachment = z.object({
  text: z.string().nullish(),
  fallback: z.string().nullish(),
  from_url: z.string().nullish(),
  author_name: z.string().nullish(),
  is_share: z.boolean().nullish(),
  is_msg_unfurl: z.boolean().nullish(),
});

/** The event types `app_mention` and `message`, as far as we read them. */
const PostEvent = z.object({
  type: z.enum(["app_mention", "message"]),
  subtype: z.string().nullish(),
  channel: z.string().min(1).max(50),
  channel_type: z.string().nullish(),
  ts: z.string().regex(/^\d{1,12}\.\d{1,9}$/),
  thread_ts: z
    .string()
    .regex(/^\d{1,12}\.\d{1,9}$/)
    .nullish(),
  user: z.string().nullish(),
  user_team: z.string().nullish(),
  bot_id: z.string().nullish(),
  text: z.string().nullish(),
  files: z.array(SlackFile).nullish(),
  attachments: z.array(Attachment).nullish(),
});

/** What a person posted, from whichever event told of it. */
export interface Post {
  team: string;
  channel: string;
  ts: string;
  /** The thread it stands in; null for a post of the channel itself. */
  threadTs: string | null;
  user: string;
  /** As Slack writes it, with its markup. */
  text: string;
  isDirect: boolean;
  mentionsBot: boolean;
  /** It begins with a mention of somebody else. */
  isToSomebodyElse: boolean;
  files: SlackFile[];
  /** Messages of others that were forwarded with it. */
  forwarded: { author: string; text: string }[];
}

/** Posts of people come without a subtype or with one of these; edits, joins, topics and deletions are not posts. */
const POSTS: ReadonlySet<string> = new Set(["file_share", "thread_broadcast", "me_message"]);
const MAX_FILES = 50;
const MAX_FORWARDED = 10;
const SLACKBOT = "USLACKBOT";

/** The post of an event; undefined when it is none of a person's: our own, a bot's, an edit. */
export function readPost(event: unknown, { team, botUserId }: { team: string; botUserId: string }): Post | undefined {
  const read = PostEvent.safeParse(event);
  if (!read.success || !isPersons(read.data, botUserId)) return undefined;
  const { type, channel, ts, thread_ts: threadTs = null, user } = read.data;
  const text = read.data.text ?? "";
  return {
    team,
    channel,
    ts,
    threadTs,
    user: user ?? "",
    text,
    isDirect: isDirect(read.data),
    mentionsBot: type === "app_mention" || text.includes(`<@${botUserId}>`) || text.includes(`<@${botUserId}|`),
    isToSomebodyElse: isToSomebodyElse(text, botUserId),
    files: (read.data.files ?? []).slice(0, MAX_FILES),
    forwarded: forwardedOf(read.data.attachments ?? []),
  };
}

/** Mentions come without the kind of their channel. */
const isDirect = ({ channel_type: kind, channel }: z.infer<typeof PostEvent>): boolean =>
  kind == null ? channel.startsWith("D") : kind === "im";

function isToSomebodyElse(text: string, botUserId: string): boolean {
  const first = /^\s*<@([UW][A-Z0-9]+)(?:\|[^>]*)?>/.exec(text)?.[1];
  return first !== undefined && first !== botUserId;
}

function isPersons(event: z.infer<typeof PostEvent>, botUserId: string): boolean {
  const { subtype, bot_id: botId, user } = event;
  if (botId != null && botId !== "") return false;
  if (user == null || user === "" || user === botUserId || user === SLACKBOT) return false;
  return subtype == null || POSTS.has(subtype);
}

function forwardedOf(attachments: readonly z.infer<typeof Attachment>[]): Post["forwarded"] {
  return attachments
    .filter((one) => one.is_share === true || one.is_msg_unfurl === true)
    .map((one) => ({ author: one.author_name ?? "somebody", text: one.text ?? one.fallback ?? "" }))
    .filter(({ text }) => text !== "")
    .slice(0, MAX_FORWARDED);
}
