import { z } from "zod";
import { AppError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/logger.ts";
import { createHeard } from "./heard.ts";
import { threadKeyOf } from "./questions.ts";
import type { SlackApp } from "./slack-app.ts";
import { type HandlerParts, SLACK_DOOR } from "./slack-parts.ts";
import { findChannelSettings } from "./slack-queries.ts";

const Event = z.looseObject({
  type: z.string(),
  subtype: z.string().nullish(),
  bot_id: z.string().nullish(),
  channel: z.unknown().optional(),
  ts: z.unknown().optional(),
  thread_ts: z.unknown().optional(),
  item: z.looseObject({ channel: z.string().optional(), ts: z.string().optional() }).nullish(),
});

const EventCallback = z.looseObject({
  type: z.literal("event_callback"),
  event_id: z.string().min(1).max(400),
  team_id: z.string().max(50).nullish(),
  authorizations: z.array(z.looseObject({ team_id: z.string().nullish(), user_id: z.string().nullish() })).nullish(),
  event: Event,
});
type EventCallback = z.infer<typeof EventCallback>;

const Challenge = z.object({ type: z.literal("url_verification"), challenge: z.string().max(1_000) });
/** Buttons and menus have a type, slash commands a name. */
const Interaction = z.union([z.looseObject({ type: z.string() }), z.looseObject({ command: z.string() })]);

/** Changes of what was said, which tell nothing that anybody asks for; our own live messages make many of them. */
const NOISE: ReadonlySet<string> = new Set(["message_changed", "message_deleted", "message_replied", "bot_message"]);
/** Slack waits three seconds for what a person pressed; what takes longer goes on without it. */
const REPLY_MS = 2_500;

const isNoise = ({ type, subtype, bot_id: botId }: EventCallback["event"]): boolean =>
  type === "message" && ((subtype != null && NOISE.has(subtype)) || (botId != null && botId !== ""));

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** A word in a channel that mentions nobody of ours and stands in no thread; where it is heard, the channel's mode says so. */
function isPassingBy({ authorizations, event }: EventCallback): boolean {
  const botUserId = authorizations?.[0]?.user_id;
  if (event.type !== "message" || botUserId == null || event["channel_type"] === "im") return false;
  if (event["channel_type"] == null || event.thread_ts != null) return false;
  return !text(event["text"]).includes(`<@${botUserId}`);
}

/** Where it was said: what is said in one thread is handled in order. */
function threadOf(team: string, { channel, ts, thread_ts: threadTs, item }: EventCallback["event"]): string {
  return item
    ? threadKeyOf(team, item.channel ?? "", item.ts ?? "")
    : threadKeyOf(team, text(channel), text(threadTs) || text(ts));
}

export type Receiver = ReturnType<typeof createReceiver>;

/**
 * What comes from Slack, by HTTP or Socket Mode, when it is known to come from Slack. An event is committed before this
 * resolves, so that Slack is told only of what cannot be lost; a rejection makes Slack send it again.
 */
export function createReceiver({
  db,
  receive,
  app,
  log,
}: Pick<HandlerParts, "db" | "receive"> & { app: SlackApp; log: Logger }) {
  const heard = createHeard({ db, log });

  const hearsAll = async (team: string, channel: string): Promise<boolean> =>
    (await findChannelSettings(db, team, channel)).mode === "all";

  async function keep({ event_id: externalId, ...callback }: EventCallback): Promise<void> {
    await heard(callback.event);
    if (isNoise(callback.event)) return;
    const team = callback.authorizations?.[0]?.team_id ?? callback.team_id ?? "";
    // What people say to each other is not ours to keep, and would stand before what is said to us.
    if (isPassingBy({ event_id: externalId, ...callback }) && !(await hearsAll(team, text(callback.event.channel))))
      return;
    const threadKey = threadOf(team, callback.event);
    await receive({ door: SLACK_DOOR, externalId, threadKey, payload: { ...callback, event_id: externalId } });
  }

  /** The reply, or none after a while. */
  async function replyTo(body: Record<string, unknown>): Promise<unknown> {
    const replying = app.interaction(body);
    const late = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => late.resolve(undefined), REPLY_MS);
    replying.catch((error: unknown) => log.warn({ err: error }, "handling a Slack interaction failed"));
    return Promise.race([replying, late.promise]).finally(() => clearTimeout(timer));
  }

  return {
    /** What Slack is to be answered; undefined is an empty answer. AppError "invalid" for what is nothing of Slack's. */
    async accept(body: unknown): Promise<unknown> {
      const challenge = Challenge.safeParse(body);
      if (challenge.success) return { challenge: challenge.data.challenge };
      const callback = EventCallback.safeParse(body);
      if (callback.success) return keep(callback.data);
      const interaction = Interaction.safeParse(body);
      if (!interaction.success) throw new AppError("invalid", "This is no event, interaction or command of Slack's");
      const { type } = interaction.data;
      if (type === "event_callback")
        throw new AppError("invalid", `An event of Slack's: ${z.prettifyError(callback.error)}`);
      if (type === "app_rate_limited") return log.warn("Slack holds events back: too many an hour");
      return replyTo(interaction.data);
    },
  };
}
