import type { AnyChunk } from "@slack/types";
import { findLive } from "./finish-live.ts";
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
  type ProgressRow,
} from "./progress-queries.ts";
import { refusalOf } from "./slack-failure.ts";
import { didNothing, limiterKey, speak, type SendingParts } from "./slack-sending.ts";
import type { Streaming } from "./streaming.ts";

export interface LiveParts extends SendingParts {
  streaming: Streaming;
}

export interface LiveSpot {
  thread: LiveThread;
  spot: OpenSpot;
  /** Who asked: a stream is shown to somebody. */
  user: string | null;
}

/** "over": nobody may change the message any more. "again": try again with what there is to show then. */
export type Shown = "shown" | "over" | "again";

const GONE: ReadonlySet<string> = new Set(["message_not_found", "cant_update_message", "edit_window_closed"]);

/** The one message that shows a run in a thread: streamed where Slack can, edited where it cannot. */
export function createLiveMessage(parts: LiveParts, { thread, spot, user }: LiveSpot) {
  const { db, limiter, streaming } = parts;
  const { background } = spot.team;
  const { channel, threadTs } = spot;
  const { sessionId, ...rest } = thread;
  const key = { runId: rest.runId, threadId: rest.threadId };
  /** Appending is no message to Slack: it has a line of its own, and holds no answer up. */
  const appendLine = `${limiterKey(spot)} append`;
  const tasksSent = new Map<string, string>();
  let row: Pick<ProgressRow, "mode" | "ts" | "shown"> | undefined;

  /** The tasks that are new or say something new. */
  function newTasks(content: LiveContent): AnyChunk[] {
    return liveTasks(content).filter((task) => tasksSent.get(task.id) !== JSON.stringify(task));
  }

  function rememberTasks(content: LiveContent): void {
    for (const task of liveTasks(content)) tasksSent.set(task.id, JSON.stringify(task));
  }

  async function settle(known: { ts?: string; mode?: ProgressRow["mode"]; shown?: string }): Promise<void> {
    row = { mode: "edit", ts: null, shown: "", ...row, ...known };
    await settleProgress(db, key, known);
  }

  async function startStream(content: LiveContent): Promise<boolean> {
    const text: AnyChunk[] = content.text === "" ? [] : [{ type: "markdown_text", text: content.text }];
    const chunks = [...liveTasks(content), ...text];
    const ts = await speak(limiter, limiterKey(spot), () => streaming.start(spot, { user, chunks, sessionId }));
    if (ts === undefined) return false;
    rememberTasks(content);
    await settle({ ts, mode: "stream", shown: content.text });
    return true;
  }

  async function postFirst(content: LiveContent): Promise<void> {
    const metadata = markOf({ run_id: key.runId, thread_id: key.threadId });
    const message = { channel, thread_ts: threadTs, ...liveMessage(content, sessionId), metadata, unfurl_links: false };
    const posted = await speak(limiter, limiterKey(spot), () => background.chat.postMessage(message));
    await settle({ ts: String(posted.ts), mode: "edit" });
  }

  async function open(content: LiveContent, signal: AbortSignal): Promise<Shown> {
    await limiter.turn(limiterKey(spot), { urgent: false, signal });
    const stream = streaming.canStream(spot, user);
    if (!(await beginProgress(db, key, stream ? "stream" : "edit"))) return "again";
    try {
      if (stream && (await startStream(content))) return "shown";
      if (stream) {
        await dropProgress(db, key);
        if (!(await beginProgress(db, key, "edit"))) return "again";
      }
      await postFirst(content);
      return "shown";
    } catch (error) {
      await (didNothing(error) ? dropProgress(db, key) : settleProgress(db, key, {}));
      throw error;
    }
  }

  /** Goes on with what another process, or an earlier one, began; a message it could not tell of is looked for. */
  async function adopt(found: ProgressRow): Promise<Shown | undefined> {
    if (found.status === "finishing" || found.status === "finished") return "over";
    if (found.busy) return "again";
    const ts = await findLive(found, key, spot);
    if (ts === undefined) {
      await dropProgress(db, key);
      return "again";
    }
    row = { ...found, ts };
    if (found.ts === null) await settle({ ts });
    return undefined;
  }

  async function append(ts: string, content: LiveContent): Promise<Shown> {
    const shown = row?.shown ?? "";
    // Text that does not go on from what was streamed is left to the answer.
    const more = content.text.startsWith(shown) ? content.text.slice(shown.length) : "";
    const chunks: AnyChunk[] = [
      ...newTasks(content),
      ...(more === "" ? [] : [{ type: "markdown_text" as const, text: more }]),
    ];
    try {
      if (chunks.length > 0)
        await speak(limiter, appendLine, () => background.chat.appendStream({ channel, ts, chunks }));
      rememberTasks(content);
      await settle({ shown: shown + more });
      return "shown";
    } catch (error) {
      if (refusalOf(error) !== "message_not_in_streaming_state") throw error;
      await settle({ mode: "edit" });
      return "again";
    }
  }

  async function edit(ts: string, content: LiveContent): Promise<Shown> {
    await speak(limiter, limiterKey(spot), () =>
      background.chat.update({ channel, ts, ...liveMessage(content, sessionId) }),
    );
    await settle({});
    return "shown";
  }

  async function change(ts: string, content: LiveContent, signal: AbortSignal): Promise<Shown> {
    const { mode = "edit" } = row ?? {};
    await limiter.turn(mode === "edit" ? limiterKey(spot) : appendLine, { urgent: false, signal });
    if (!(await takeProgress(db, key))) return "over";
    try {
      return await (mode === "stream" ? append(ts, content) : edit(ts, content));
    } catch (error) {
      await settleProgress(db, key, {});
      if (!GONE.has(refusalOf(error) ?? "")) throw error;
      // Somebody deleted it: it is not shown again, and the answer comes as a message of its own.
      await beginFinish(db, key);
      return "over";
    }
  }

  return {
    /** Brings the message to this content, as soon as the channel allows. Throws when Slack fails; trying again is safe. */
    async show(content: LiveContent, signal: AbortSignal): Promise<Shown> {
      if (row?.ts === undefined || row.ts === null) {
        const found = await findProgress(db, key);
        if (!found) return open(content, signal);
        const end = await adopt(found);
        if (end !== undefined) return end;
      }
      return row?.ts ? change(row.ts, content, signal) : "again";
    },
    get mode(): ProgressRow["mode"] {
      return row?.mode ?? "edit";
    },
  };
}
