import type { AnyChunk } from "@slack/types";
import { findLive, stopStream } from "./finish-live.ts";
import { liveMessage, liveTasks, type LiveContent } from "./live-content.ts";
import type { OpenSpot } from "./open-thread.ts";
import { markOf } from "./our-messages.ts";
import {
  beginFinish,
  beginProgress,
  dropProgress,
  findProgress,
  settleProgress,
  takeProgress,
  type LiveThread,
  type ProgressKey,
  type ProgressRow,
  type Settled,
} from "./progress-queries.ts";
import { refusalOf } from "./slack-failure.ts";
import { didNothing, limiterKey, speak, type SendingParts } from "./slack-sending.ts";
import type { Streaming } from "./streaming.ts";

export interface LiveParts extends SendingParts {
  streaming: Streaming;
}

interface Live {
  parts: LiveParts;
  key: ProgressKey;
  sessionId: string;
  spot: OpenSpot;
  /** Who asked: a stream is shown to somebody. */
  user: string | null;
  /** What is known of the message; undefined until it is. */
  known: Pick<ProgressRow, "mode" | "ts" | "shown"> | undefined;
  /** The tasks of the stream as they were shown last. */
  tasks: Map<string, string>;
  /** It is a stream, and what it shows is not known: what is appended could stand there twice. */
  unsure: boolean;
}

/** "over": nobody may change the message any more. "again": try again with what there is to show then. */
export type Shown = "shown" | "over" | "again";

const GONE: ReadonlySet<string> = new Set(["message_not_found", "cant_update_message", "edit_window_closed"]);

/** Appending is no message to Slack: it has a line of its own, and holds no answer up. */
const appendLine = (live: Live): string => `${limiterKey(live.spot)} append`;

async function settle(live: Live, settled: Settled): Promise<void> {
  live.known = { mode: "edit", ts: null, shown: "", ...live.known, ...settled };
  await settleProgress(live.parts.db, live.key, settled);
}

/** The tasks that are new or say something new. */
const newTasks = ({ tasks }: Live, content: LiveContent): AnyChunk[] =>
  liveTasks(content).filter((task) => tasks.get(task.id) !== JSON.stringify(task));

function rememberTasks({ tasks }: Live, content: LiveContent): void {
  for (const task of liveTasks(content)) tasks.set(task.id, JSON.stringify(task));
}

const textChunks = (text: string): AnyChunk[] => (text === "" ? [] : [{ type: "markdown_text", text }]);

/** False when Slack does not stream here. */
async function startStream(live: Live, content: LiveContent): Promise<boolean> {
  const { parts, spot, user, sessionId } = live;
  const chunks = [...liveTasks(content), ...textChunks(content.text)];
  const asked = { user, chunks, sessionId };
  const ts = await speak(parts.limiter, limiterKey(spot), () => parts.streaming.start(spot, asked));
  if (ts === undefined) return false;
  rememberTasks(live, content);
  await settle(live, { ts, mode: "stream", shown: content.text });
  return true;
}

async function postFirst(live: Live, content: LiveContent): Promise<void> {
  const { parts, key, spot, sessionId } = live;
  const metadata = markOf({ run_id: key.runId, thread_id: key.threadId });
  const place = { channel: spot.channel, thread_ts: spot.threadTs, unfurl_links: false };
  const message = { ...place, ...liveMessage(content, sessionId), metadata };
  const posted = await speak(parts.limiter, limiterKey(spot), () => spot.team.background.chat.postMessage(message));
  await settle(live, { ts: String(posted.ts), mode: "edit" });
}

async function open(live: Live, content: LiveContent, signal: AbortSignal): Promise<Shown> {
  const { parts, key, spot, user } = live;
  const { db, limiter, streaming } = parts;
  await limiter.turn(limiterKey(spot), { urgent: false, signal });
  const stream = streaming.canStream(spot, user);
  if (!(await beginProgress(db, key, stream ? "stream" : "edit"))) return "again";
  try {
    if (stream && (await startStream(live, content))) return "shown";
    if (stream) {
      await dropProgress(db, key);
      if (!(await beginProgress(db, key, "edit"))) return "again";
    }
    await postFirst(live, content);
    return "shown";
  } catch (error) {
    await (didNothing(error) ? dropProgress(db, key) : settleProgress(db, key, {}));
    throw error;
  }
}

/** Goes on with what another process, or an earlier one, began; a message it could not tell of is looked for. */
async function adopt(live: Live, found: ProgressRow): Promise<Shown | undefined> {
  if (found.status === "finishing" || found.status === "finished") return "over";
  if (found.busy) return "again";
  const ts = await findLive(found, live.key, live.spot);
  if (ts === undefined) {
    await dropProgress(live.parts.db, live.key);
    return "again";
  }
  live.known = { ...found, ts };
  live.unsure = found.mode === "stream" && (found.ts === null || found.unsettled);
  if (found.ts === null && !live.unsure) await settle(live, { ts });
  return undefined;
}

async function append(live: Live, ts: string, content: LiveContent): Promise<Shown> {
  const { parts, spot } = live;
  const shown = live.known?.shown ?? "";
  // Text that does not go on from what was streamed is left to the answer.
  const more = content.text.startsWith(shown) ? content.text.slice(shown.length) : "";
  const chunks = [...newTasks(live, content), ...textChunks(more)];
  const { channel, team } = spot;
  try {
    if (chunks.length > 0)
      await speak(parts.limiter, appendLine(live), () => team.background.chat.appendStream({ channel, ts, chunks }));
    rememberTasks(live, content);
    await settle(live, { shown: shown + more });
    return "shown";
  } catch (error) {
    live.unsure = !didNothing(error);
    if (refusalOf(error) !== "message_not_in_streaming_state") throw error;
    // Slack ends streams after some minutes: the same message is edited from here on.
    await settle(live, { mode: "edit" });
    return "again";
  }
}

/** Goes on by editing, which says the whole text anew. */
async function leaveStream(live: Live, ts: string): Promise<Shown> {
  const { parts, spot } = live;
  await speak(parts.limiter, limiterKey(spot), () => stopStream(spot, ts, live.known?.shown ?? ""));
  await settle(live, { ts, mode: "edit" });
  live.unsure = false;
  return "again";
}

const stream = (live: Live, ts: string, content: LiveContent): Promise<Shown> =>
  live.unsure ? leaveStream(live, ts) : append(live, ts, content);

async function edit(live: Live, ts: string, content: LiveContent): Promise<Shown> {
  const { parts, spot, sessionId } = live;
  const { channel, team } = spot;
  const message = { channel, ts, ...liveMessage(content, sessionId) };
  await speak(parts.limiter, limiterKey(spot), () => team.background.chat.update(message));
  await settle(live, {});
  return "shown";
}

async function change(live: Live, ts: string, content: LiveContent, signal: AbortSignal): Promise<Shown> {
  const { db, limiter } = live.parts;
  const mode = live.known?.mode ?? "edit";
  await limiter.turn(mode === "edit" ? limiterKey(live.spot) : appendLine(live), { urgent: false, signal });
  if (!(await takeProgress(db, live.key))) return "over";
  try {
    return await (mode === "edit" ? edit(live, ts, content) : stream(live, ts, content));
  } catch (error) {
    // Who takes over from us must not be surer than we are.
    if (!live.unsure) await settleProgress(db, live.key, {});
    if (!GONE.has(refusalOf(error) ?? "")) throw error;
    // Somebody deleted it: it is not shown again, and the answer comes as a message of its own.
    await beginFinish(db, live.key);
    return "over";
  }
}

/** The one message that shows a run in a thread: streamed where Slack can, edited where it cannot. */
export function createLiveMessage(
  parts: LiveParts,
  { thread, spot, user }: { thread: LiveThread; spot: OpenSpot; user: string | null },
) {
  const { runId, threadId, sessionId } = thread;
  const live: Live = {
    parts,
    key: { runId, threadId },
    sessionId,
    spot,
    user,
    known: undefined,
    tasks: new Map(),
    unsure: false,
  };
  return {
    /** Brings the message to this content, as soon as the channel allows. Throws when Slack fails; trying again is safe. */
    async show(content: LiveContent, signal: AbortSignal): Promise<Shown> {
      if (!live.known?.ts) {
        const found = await findProgress(parts.db, live.key);
        if (!found) return open(live, content, signal);
        const end = await adopt(live, found);
        if (end !== undefined) return end;
      }
      return live.known?.ts ? change(live, live.known.ts, content, signal) : "again";
    },
    get mode(): ProgressRow["mode"] {
      return live.known?.mode ?? "edit";
    },
  };
}
