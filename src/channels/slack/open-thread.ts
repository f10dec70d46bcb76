import { setTimeout as sleep } from "node:timers/promises";
import type { KnownBlock } from "@slack/types";
import { AppError } from "../../lib/errors.ts";
import { linkButton } from "./final-blocks.ts";
import {
  claimOpening,
  findSlackThread,
  recordOpened,
  releaseOpening,
  type SlackThread,
} from "./open-thread-queries.ts";
import { carries, findOurs, markOf } from "./our-messages.ts";
import { safeMrkdwn, safeTitle } from "./safe-text.ts";
import { refusalOf } from "./slack-failure.ts";
import { didNothing, limiterKey, speak, type SendingParts, type Spot } from "./slack-sending.ts";

/** How long to wait for somebody else who opens the same thread. */
const PATIENCE_MS = 10_000;
const LOOK_MS = 200;
const MAX_TITLE = 150;
/** Deliveries are given up after a day: an older first message is nobody's. */
const LOST_MS = 86_400_000;

export type OpenSpot = Spot & { threadTs: string; team: Spot["team"] };

/** The first message of a thread: what the session is about, and where it is to be seen. */
function rootMessage({ title, repository, sessionId }: SlackThread, baseUrl: string) {
  const text = safeMrkdwn(safeTitle(title, MAX_TITLE));
  const where = repository === null ? "" : `\n${safeMrkdwn(safeTitle(repository, MAX_TITLE))}`;
  const url = `${baseUrl.replace(/\/$/u, "")}/sessions/${sessionId}`;
  const blocks: KnownBlock[] = [
    {
      type: "section",
      text: { type: "mrkdwn", text: `*${text}*${where}` },
      accessory: linkButton("dashboard", "Open in dashboard", url),
    },
  ];
  return { text, blocks };
}

async function post(parts: SendingParts, thread: SlackThread, spot: Spot, signal: AbortSignal): Promise<void> {
  const { db, limiter, baseUrl } = parts;
  await limiter.turn(limiterKey(spot), { urgent: true, signal });
  const { channel } = thread;
  const { background, teamId } = spot.team;
  const message = {
    ...rootMessage(thread, baseUrl()),
    metadata: markOf({ thread_id: thread.id }),
    unfurl_links: false,
  };
  const posted = await speak(limiter, limiterKey(spot), () => background.chat.postMessage({ channel, ...message }));
  const threadTs = String(posted.ts);
  await recordOpened(db, thread.id, { team: teamId, channel: posted.channel ?? channel, threadTs });
}

/** The first message that somebody may have posted; a channel given by name or person cannot be asked. */
function findRoot({ id, channel }: SlackThread, { team }: Spot): Promise<string | undefined> {
  const since = new Date(Date.now() - LOST_MS);
  return findOurs(team, { channel, threadTs: null }, { since, isIt: carries({ thread_id: id }) }).catch(
    (error: unknown) => {
      if (refusalOf(error) === "channel_not_found") return undefined;
      throw error;
    },
  );
}

/** Posts the first message, or finds the one that was posted before somebody died. */
async function open(parts: SendingParts, thread: SlackThread, spot: Spot, signal: AbortSignal): Promise<boolean> {
  const { db } = parts;
  const claim = await claimOpening(db, thread.id);
  if (claim === "taken") return false;
  if (claim === "again") {
    const threadTs = await findRoot(thread, spot);
    if (threadTs !== undefined) {
      await recordOpened(db, thread.id, { team: spot.team.teamId, channel: thread.channel, threadTs });
      return true;
    }
  }
  try {
    await post(parts, thread, spot, signal);
  } catch (error) {
    if (signal.aborted || didNothing(error)) await releaseOpening(db, thread.id);
    throw error;
  }
  return true;
}

/**
 * The place of a session's thread. A thread that is only wished for is opened by the first who has something to say in
 * it: once, whoever is killed in between. AppError "not_found" when it is not there any more.
 */
export async function openThread(
  parts: SendingParts,
  threadId: string,
  signal: AbortSignal,
): Promise<{ thread: SlackThread; spot: OpenSpot }> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const thread = await findSlackThread(parts.db, threadId);
    if (!thread) throw new AppError("not_found", "The thread does not belong to the session any more");
    const team = await parts.clients.of(thread.team);
    if (!team) throw new AppError("unavailable", `The app is not installed in the Slack workspace ${thread.team}`);
    const { channel, threadTs } = thread;
    if (threadTs !== null) return { thread, spot: { team, channel, threadTs } };
    if (await open(parts, thread, { team, channel, threadTs }, signal)) continue;
    if (performance.now() > deadline) throw new AppError("unavailable", "The thread is being opened by somebody else");
    await sleep(LOOK_MS, undefined, { signal });
  }
}
