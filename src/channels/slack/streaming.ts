import type { AnyChunk } from "@slack/types";
import { stopButton } from "./final-blocks.ts";
import type { OpenSpot } from "./open-thread.ts";
import { refusalOf } from "./slack-failure.ts";

/** How long it is remembered that a workspace has no streams. */
const FORGET_MS = 3_600_000;
/** Slack takes 20 beginnings and 20 ends of streams a minute; beyond that messages are edited. */
const MAX_STARTS = 12;
const MINUTE_MS = 60_000;

/** Refusals that are about this one message. */
const ABOUT_MESSAGE: ReadonlySet<string> = new Set([
  "missing_recipient_user_id",
  "missing_recipient_team_id",
  "user_not_found",
  "team_not_found",
  "invalid_thread_ts",
  "thread_not_found",
  "not_in_channel",
  "channel_not_found",
  "is_archived",
]);

/** What Slack answers when it does not take a button into a stream. */
const NO_BUTTON: ReadonlySet<string> = new Set(["invalid_chunks", "invalid_blocks", "invalid_arguments"]);

export type Streaming = ReturnType<typeof createStreaming>;

async function begin(spot: OpenSpot, user: string | null, chunks: AnyChunk[]): Promise<string> {
  const { team, channel, threadTs } = spot;
  const recipient = user === null ? {} : { recipient_team_id: team.teamId, recipient_user_id: user };
  const asked = { channel, thread_ts: threadTs, task_display_mode: "plan", chunks, ...recipient };
  return String((await team.background.chat.startStream(asked)).ts);
}

/** Which workspaces have native streams, learned by trying. */
export function createStreaming() {
  const without = new Map<string, number>();
  const starts = new Map<string, number[]>();
  let button = true;

  function mayStart(team: string): boolean {
    const now = performance.now();
    if (now < (without.get(team) ?? 0)) return false;
    const recent = (starts.get(team) ?? []).filter((at) => at > now - MINUTE_MS);
    starts.set(team, recent);
    return recent.length < MAX_STARTS;
  }

  return {
    /** Outside of direct messages Slack must know to whom a stream is shown. */
    canStream: ({ team, channel }: OpenSpot, user: string | null): boolean =>
      mayStart(team.teamId) && (user !== null || channel.startsWith("D")),

    /** Begins a stream; undefined when Slack refuses, and the message is to be edited instead. */
    async start(
      spot: OpenSpot,
      { user, chunks, sessionId }: { user: string | null; chunks: AnyChunk[]; sessionId: string },
    ): Promise<string | undefined> {
      const { teamId } = spot.team;
      starts.get(teamId)?.push(performance.now());
      try {
        if (!button) return await begin(spot, user, chunks);
        const blocks = { type: "blocks" as const, blocks: [stopButton(sessionId)] };
        return await begin(spot, user, [...chunks, blocks]);
      } catch (error) {
        const refusal = refusalOf(error);
        if (refusal === undefined) throw error;
        if (button && NO_BUTTON.has(refusal)) {
          button = false;
          return this.start(spot, { user, chunks, sessionId });
        }
        if (!ABOUT_MESSAGE.has(refusal)) without.set(teamId, performance.now() + FORGET_MS);
        return undefined;
      }
    },
  };
}
