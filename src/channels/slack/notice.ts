import { z } from "zod";

/**
 * What the Slack door says of its own accord: help, a question, a refusal, the verdict on a file. Kept with its delivery
 * and shown when that is carried; the delivery's address is `team:channel:thread ts` and says nothing more.
 */
export const SlackNotice = z.object({
  type: z.literal("notice"),
  team: z.string(),
  channel: z.string(),
  /** The thread to say it in; null says it in the channel. */
  threadTs: z.string().nullable(),
  /** When given, only this person sees it (`chat.postEphemeral`). */
  user: z.string().nullable(),
  /** mrkdwn of ours, in which all foreign words are escaped already; at most 3,000 characters. */
  text: z.string().max(3000),
  /** Block Kit, when there is something to press; `text` is then the fallback. */
  blocks: z.array(z.record(z.string(), z.json())).max(10).optional(),
});
export type SlackNotice = z.infer<typeof SlackNotice>;
