import { setTimeout as sleep } from "node:timers/promises";
import type { Post } from "./answer-posts.ts";
import { contextBlock } from "./final-blocks.ts";
import { carries, findOurs, isUnmarked, markOf } from "./our-messages.ts";
import { beginFinish, BUSY_MS, endProgress, type ProgressKey, type ProgressRow } from "./progress-queries.ts";
import { recordPart, sendPart, turnInto, type Sending } from "./send-parts.ts";
import { refusalOf } from "./slack-failure.ts";
import { limiterKey, speak, type SendingParts, type Spot } from "./slack-sending.ts";
import { closingFor } from "./split-markdown.ts";

const LOOK_MS = 100;

/** What Slack says of a message that cannot become the answer any more: it was deleted, or is not ours. */
const GONE: ReadonlySet<string> = new Set(["message_not_found", "cant_update_message", "edit_window_closed"]);
const NO_STREAM: ReadonlySet<string> = new Set(["message_not_in_streaming_state", ...GONE]);

/** From here on nobody else changes the run's live message. Waits for the call that may be on its way to it. */
async function takeOver({ db }: SendingParts, key: ProgressKey, signal: AbortSignal): Promise<ProgressRow> {
  const deadline = performance.now() + BUSY_MS;
  let row = await beginFinish(db, key);
  while (row.busy && performance.now() < deadline) {
    await sleep(LOOK_MS, undefined, { signal });
    row = await beginFinish(db, key);
  }
  return row;
}

/** Where the live message is; looked for when whoever posted it could not say so any more. */
export async function findLive(row: ProgressRow, key: ProgressKey, spot: Spot): Promise<string | undefined> {
  if (row.ts !== null || row.openedAt === null) return row.ts ?? undefined;
  const marked = carries({ run_id: key.runId, thread_id: key.threadId });
  // What Slack's stream calls begin carries no mark before it is stopped.
  const isIt = row.mode === "stream" ? isUnmarked : marked;
  return findOurs(spot.team, spot, { since: row.openedAt, isIt });
}

/** Ends a stream, also one that has ended already, so that its message can be edited; what was shown is closed. */
export async function stopStream(spot: Spot, ts: string, shown: string): Promise<void> {
  const closing = closingFor(shown);
  const chunks = closing === "" ? {} : { chunks: [{ type: "markdown_text" as const, text: closing }] };
  try {
    await spot.team.background.chat.stopStream({ channel: spot.channel, ts, ...chunks });
  } catch (error) {
    if (!NO_STREAM.has(refusalOf(error) ?? "")) throw error;
  }
}

/** The run's live message, ready to be made into something else; undefined when there is none. */
async function liveMessage(parts: SendingParts, key: ProgressKey, spot: Spot, signal: AbortSignal) {
  const row = await takeOver(parts, key, signal);
  if (row.status === "finished") return { is: "done" as const };
  const ts = await findLive(row, key, spot);
  if (ts === undefined) return { is: "none" as const };
  if (row.mode === "stream") await stopStream(spot, ts, row.shown);
  return { is: "there" as const, ts };
}

/** The first message of an answer: the one that showed progress becomes it, else it is posted. */
export async function finishLive(sending: Sending, key: ProgressKey, post: Post): Promise<void> {
  const { parts, spot, signal } = sending;
  const live = await liveMessage(parts, key, spot, signal);
  if (live.is === "done") return;
  if (live.is === "there") {
    try {
      await turnInto(sending, 0, { ts: live.ts, post });
      await recordPart(sending, 0, live.ts);
      await endProgress(parts.db, key, live.ts);
      return;
    } catch (error) {
      if (!GONE.has(refusalOf(error) ?? "")) throw error;
    }
  }
  const ts = await sendPart(sending, 0, post);
  await endProgress(parts.db, key, ts);
}

/** Takes away a message that showed progress of a run that has nothing to say. */
export async function removeLive(
  parts: SendingParts,
  key: ProgressKey,
  { spot, signal }: { spot: Spot; signal: AbortSignal },
): Promise<void> {
  const live = await liveMessage(parts, key, spot, signal);
  if (live.is === "there")
    await spot.team.background.chat.delete({ channel: spot.channel, ts: live.ts }).catch((error: unknown) => {
      if (refusalOf(error) !== "message_not_found") throw error;
    });
  if (live.is !== "done") await endProgress(parts.db, key, null);
}

const OVER = "This run is over; its answer is not shown here.";

/** Ends a message that shows progress of a run whose answer will not come here. */
export async function closeLeft(
  parts: SendingParts,
  key: ProgressKey,
  { spot, signal }: { spot: Spot; signal: AbortSignal },
): Promise<void> {
  const live = await liveMessage(parts, key, spot, signal);
  if (live.is === "there") {
    await parts.limiter.turn(limiterKey(spot), { urgent: false, signal });
    const said = {
      channel: spot.channel,
      ts: live.ts,
      text: OVER,
      blocks: [contextBlock(OVER)],
      metadata: markOf({ run_id: key.runId, thread_id: key.threadId }),
    };
    await speak(parts.limiter, limiterKey(spot), () => spot.team.background.chat.update(said)).catch(
      (error: unknown) => {
        if (!GONE.has(refusalOf(error) ?? "")) throw error;
      },
    );
  }
  if (live.is !== "done") await endProgress(parts.db, key, live.is === "there" ? live.ts : null);
}
