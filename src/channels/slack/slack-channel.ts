import type { MessagePosted, RunFinished } from "../../contract/delivery.ts";
import type { Channel, Outcome, Outgoing } from "../../deliveries/channel.ts";
import { AppError } from "../../lib/errors.ts";
import { answerPosts, isSilent, postsOf } from "./answer-posts.ts";
import { contextBlock } from "./final-blocks.ts";
import { finishLive, removeLive } from "./finish-live.ts";
import { findSlackThread } from "./open-thread-queries.ts";
import { openThread, type OpenSpot } from "./open-thread.ts";
import { findVerbosity } from "./progress-queries.ts";
import { safeMrkdwn, safeTitle } from "./safe-text.ts";
import { sendFiles } from "./send-files.ts";
import { sendNotice } from "./send-notice.ts";
import { sendPart, type Sending } from "./send-parts.ts";
import { outcomeOf } from "./slack-failure.ts";
import type { SendingParts } from "./slack-sending.ts";

/** Files come behind all messages. */
const FILES_PART = 100;

/** The end of a run: its live message becomes the answer, what does not fit follows, then the files. */
async function sendAnswer(
  parts: SendingParts,
  outgoing: Outgoing,
  { body, spot, signal }: { body: RunFinished; spot: OpenSpot; signal: AbortSignal },
): Promise<void> {
  const key = { runId: body.runId, threadId: outgoing.address };
  const carried = await outgoing.files();
  if (body.status === "succeeded" && isSilent(carried.text)) return removeLive(parts, key, { spot, signal });
  const verbosity = await findVerbosity(parts.db, spot.team.teamId, spot.channel);
  const { posts, files } = answerPosts(body, carried, verbosity);
  const sending: Sending = { parts, deliveryId: outgoing.deliveryId, spot, signal };
  for (const [part, post] of posts.entries())
    await (part === 0 ? finishLive(sending, key, post) : sendPart(sending, part, post));
  await sendFiles(sending, FILES_PART, files);
}

/** What was said through another door. */
async function sendPosted(sending: Sending, { content, author, source }: MessagePosted): Promise<void> {
  const { posts, files } = postsOf(content);
  if (author !== null) posts.at(-1)?.blocks.push(contextBlock(safeMrkdwn(safeTitle(`${author}, ${source}`, 200))));
  for (const [part, post] of posts.entries()) await sendPart(sending, part, post);
  await sendFiles(sending, FILES_PART, files);
}

async function carry(parts: SendingParts, outgoing: Outgoing, signal: AbortSignal): Promise<Outcome> {
  const { body, deliveryId, address } = outgoing;
  if (body.type === "notice") {
    await sendNotice(parts, { deliveryId, body }, signal);
    return { is: "delivered" };
  }
  const known = await findSlackThread(parts.db, address);
  if (known?.muted) return { is: "delivered", response: "Not shown: the thread is muted" };
  const { spot } = await openThread(parts, address, signal);
  const told = body as RunFinished | MessagePosted;
  if (told.type === "run.finished") await sendAnswer(parts, outgoing, { body: told, spot, signal });
  else if (told.type === "message.posted") await sendPosted({ parts, deliveryId, spot, signal }, told);
  else throw new AppError("not_found", "Slack does not carry this kind of message");
  return { is: "delivered" };
}

/**
 * Says things in Slack. Whether an earlier attempt got through is asked post by post, where it is not known: so a
 * delivery of several messages goes on where it broke off, and nothing is said twice.
 */
export function createSlackChannel(parts: SendingParts): Channel {
  return {
    kind: "slack",
    async send(outgoing, signal) {
      try {
        return await carry(parts, outgoing, signal);
      } catch (error) {
        return outcomeOf(error);
      }
    },
  };
}
