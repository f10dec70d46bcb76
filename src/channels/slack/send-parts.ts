import type { Post } from "./answer-posts.ts";
import { carries, findOurs, markOf } from "./our-messages.ts";
import { beginPart, findPart, forgetPart, settlePart, type PartKey } from "./sent-queries.ts";
import { didNothing, limiterKey, speak, type SendingParts, type Spot } from "./slack-sending.ts";

export interface Sending {
  parts: SendingParts;
  deliveryId: string;
  spot: Spot;
  signal: AbortSignal;
}

const markOfPart = ({ deliveryId, part }: PartKey) => ({ delivery_id: deliveryId, part });

/** Whether a part is out already, from an attempt before this one; Slack is asked where we do not know. */
async function isOut({ parts: { db }, spot }: Sending, key: PartKey): Promise<string | null | undefined> {
  const known = await findPart(db, key);
  if (!known) return undefined;
  if (known.sentAt) return known.ts;
  const ts = await findOurs(spot.team, spot, { since: known.begunAt, isIt: carries(markOfPart(key)) });
  if (ts !== undefined) await settlePart(db, key, ts);
  return ts;
}

/** Posts one message of a delivery, once, however often it is tried. Returns its ts. */
export async function sendPart(sending: Sending, part: number, post: Post): Promise<string | null> {
  const { parts, deliveryId, spot, signal } = sending;
  const { db, limiter } = parts;
  const key = { deliveryId, part };
  const out = await isOut(sending, key);
  if (out !== undefined) return out;
  await limiter.turn(limiterKey(spot), { urgent: true, signal });
  await beginPart(db, key);
  const { channel, threadTs, team } = spot;
  const message = { channel, ...post, metadata: markOf(markOfPart(key)), unfurl_links: false, unfurl_media: false };
  try {
    const posted = await speak(limiter, limiterKey(spot), () =>
      team.background.chat.postMessage(threadTs === null ? message : { ...message, thread_ts: threadTs }),
    );
    const ts = posted.ts ?? null;
    await settlePart(db, key, ts);
    return ts;
  } catch (error) {
    if (didNothing(error)) await forgetPart(db, key);
    throw error;
  }
}

/** Changes a message of ours into a part of a delivery; doing it twice does no harm. */
export async function turnInto(
  sending: Sending,
  part: number,
  { ts, post }: { ts: string; post: Post },
): Promise<void> {
  const { parts, deliveryId, spot, signal } = sending;
  await parts.limiter.turn(limiterKey(spot), { urgent: true, signal });
  const metadata = markOf(markOfPart({ deliveryId, part }));
  await speak(parts.limiter, limiterKey(spot), () =>
    spot.team.background.chat.update({ channel: spot.channel, ts, ...post, metadata }),
  );
}

/** Records a part that did not need a post of its own. */
export async function recordPart({ parts: { db }, deliveryId }: Sending, part: number, ts: string): Promise<void> {
  await beginPart(db, { deliveryId, part });
  await settlePart(db, { deliveryId, part }, ts);
}
