import type { KnownBlock } from "@slack/types";
import type { Notice } from "../../deliveries/channel.ts";
import { AppError } from "../../lib/errors.ts";
import { SlackNotice } from "./notice.ts";
import { sendPart } from "./send-parts.ts";
import { limiterKey, speak, type SendingParts, type Spot } from "./slack-sending.ts";

/** Shows something to one person. It cannot be looked for afterwards; seen twice it does no harm. */
async function whisper(
  { limiter }: SendingParts,
  spot: Spot,
  said: { user: string; text: string; blocks?: KnownBlock[] },
) {
  const { channel, threadTs, team } = spot;
  const message = { channel, ...said };
  await speak(limiter, limiterKey(spot), () =>
    team.background.chat.postEphemeral(threadTs === null ? message : { ...message, thread_ts: threadTs }),
  );
}

/** What the door says of its own accord, in the place it names. */
export async function sendNotice(
  parts: SendingParts,
  { deliveryId, body }: { deliveryId: string; body: Notice },
  signal: AbortSignal,
): Promise<void> {
  const parsed = SlackNotice.safeParse(body);
  if (!parsed.success) throw new AppError("not_found", "The notice is none that Slack can show");
  const { team: teamId, channel, threadTs, user, text, blocks } = parsed.data;
  const team = await parts.clients.of(teamId);
  if (!team) throw new AppError("unavailable", `The app is not installed in the Slack workspace ${teamId}`);
  const spot: Spot = { team, channel, threadTs };
  // What the door stored is Block Kit; Slack itself judges it.
  const shown = { text, ...(blocks && { blocks: blocks as unknown as KnownBlock[] }) };
  if (user === null) {
    await sendPart({ parts, deliveryId, spot, signal }, 0, { ...shown, blocks: shown.blocks ?? sectionOf(text) });
    return;
  }
  await parts.limiter.turn(limiterKey(spot), { urgent: true, signal });
  await whisper(parts, spot, { user, ...shown });
}

const sectionOf = (text: string): KnownBlock[] => [{ type: "section", text: { type: "mrkdwn", text } }];
