import { z } from "zod";
import type { SlackTeam } from "./slack-clients.ts";

const EVENT_TYPE = "claude_orchestrator";

/** What a message of ours is known by: people do not see it. */
export interface Mark {
  [field: string]: string | number;
}

export const markOf = (mark: Mark) => ({ event_type: EVENT_TYPE, event_payload: { ...mark } });

const SlackMessage = z.object({
  ts: z.string(),
  user: z.string().optional(),
  metadata: z.object({ event_type: z.string(), event_payload: z.record(z.string(), z.unknown()) }).optional(),
  files: z.array(z.object({ id: z.string() })).optional(),
});
export type SlackMessage = z.infer<typeof SlackMessage>;

const Page = z.object({
  messages: z.array(SlackMessage).default([]),
  response_metadata: z.object({ next_cursor: z.string().optional() }).optional(),
});

const PAGE = 200;
const MAX_PAGES = 10;
/** Slack's clock and that of our database may differ. */
const CLOCKS_MS = 300_000;

export interface Place {
  channel: string;
  /** null looks among what stands in the channel itself. */
  threadTs: string | null;
}

/** Looks for a message of ours since some time; its ts, or undefined when it is not there. Throws when Slack does not tell. */
export async function findOurs(
  { background, botUserId }: Pick<SlackTeam, "background" | "botUserId">,
  { channel, threadTs }: Place,
  { since, isIt }: { since: Date; isIt: (message: SlackMessage) => boolean },
): Promise<string | undefined> {
  const oldest = String(Math.floor((since.getTime() - CLOCKS_MS) / 1000));
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const asked = { channel, oldest, limit: PAGE, include_all_metadata: true, ...(cursor !== undefined && { cursor }) };
    const answer = Page.parse(
      await (threadTs === null
        ? background.conversations.history(asked)
        : background.conversations.replies({ ...asked, ts: threadTs })),
    );
    const found = answer.messages.find((message) => message.user === botUserId && isIt(message));
    if (found) return found.ts;
    cursor = answer.response_metadata?.next_cursor;
    if (cursor === undefined || cursor === "") return undefined;
  }
  return undefined;
}

/** Whether a message carries this mark. */
export const carries =
  (mark: Mark) =>
  ({ metadata }: SlackMessage): boolean =>
    metadata?.event_type === EVENT_TYPE &&
    Object.entries(mark).every(([field, value]) => metadata.event_payload[field] === value);

/** Whether a message of ours carries no mark: a stream that was begun and not finished yet. */
export const isUnmarked = ({ metadata, files }: SlackMessage): boolean =>
  metadata?.event_type !== EVENT_TYPE && files === undefined;
