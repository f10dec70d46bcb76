import { toError } from "../../lib/errors.ts";
import { startRepeating } from "../../lib/repeat.ts";
import { claimWaitingWord, findOpenPosts, forgetPosts, markCleared, type OpenPost } from "./acknowledgement-queries.ts";
import type { HandlerParts } from "./slack-parts.ts";
import type { PostPlace } from "./slack-queries.ts";

const EYES = "eyes";
const SWEEP_MS = 1_500;
const MAX_AT_ONCE = 100;
const KEPT_DAYS = 30;
const FORGET_EVERY_MS = 3_600_000;
/** What Slack says when there is nothing left to do. */
const ALREADY: ReadonlySet<string> = new Set([
  "already_reacted",
  "no_reaction",
  "message_not_found",
  "channel_not_found",
  "is_archived",
  "not_in_channel",
  "missing_scope",
  "too_many_reactions",
  "account_inactive",
  "invalid_auth",
  "token_revoked",
]);

/** Slack's own word for what went wrong; undefined when it said none. */
export function slackError(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("data" in error)) return undefined;
  const { data } = error;
  return typeof data === "object" && data !== null && "error" in data ? String(data.error) : undefined;
}

type Parts = Pick<HandlerParts, "db" | "clients" | "log">;

/** The reaction that says "heard": it is there while a post is worked on. */
export function createAcknowledgements({ db, clients, log }: Parts) {
  async function react(change: "add" | "remove", { team, channel, ts }: PostPlace): Promise<boolean> {
    const found = await clients.of(team);
    if (!found) return true; // The app is gone from that workspace, and its reactions with it.
    try {
      await found.interactive.reactions[change]({ channel, timestamp: ts, name: EYES });
      return true;
    } catch (error) {
      const said = slackError(error);
      if (said === undefined || !ALREADY.has(said))
        log.warn({ reason: said ?? toError(error).message }, "changing the reaction to a Slack post failed");
      return said !== undefined && ALREADY.has(said);
    }
  }

  async function tell(post: OpenPost): Promise<void> {
    if (!(await claimWaitingWord(db, post))) return;
    const { team, channel, threadTs, userId, ahead, waitingText } = post;
    const found = await clients.of(team);
    await found?.interactive.chat
      .postEphemeral({ channel, thread_ts: threadTs, user: userId, text: waitingWords(ahead, waitingText) })
      .catch((error: unknown) => log.debug({ reason: slackError(error) }, "telling that a post waits failed"));
  }

  async function sweep(signal: AbortSignal): Promise<void> {
    for (const post of await findOpenPosts(db, MAX_AT_ONCE)) {
      if (signal.aborted) return;
      if (post.isOver && (await react("remove", post))) await markCleared(db, post);
      else if (post.isWaiting) await tell(post);
    }
  }

  const onError = (error: unknown) => log.warn({ err: error }, "looking after acknowledged Slack posts failed");

  return {
    /** A reaction that cannot be made holds nothing up. */
    add: async (post: PostPlace): Promise<void> => void (await react("add", post)),

    /** Takes reactions away when the work is over, and says so when it has to wait. */
    start(): AsyncDisposable {
      const sweeping = startRepeating(sweep, { intervalMs: SWEEP_MS, onError });
      const forgetting = startRepeating(() => forgetPosts(db, new Date(Date.now() - KEPT_DAYS * 86_400_000)), {
        intervalMs: FORGET_EVERY_MS,
        onError,
      });
      return {
        async [Symbol.asyncDispose]() {
          await Promise.all([sweeping[Symbol.asyncDispose](), forgetting[Symbol.asyncDispose]()]);
        },
      };
    },
  };
}

export type Acknowledgements = ReturnType<typeof createAcknowledgements>;

/** What a person is told whose message waits. */
export function waitingWords(ahead: number, waitingText: string | null): string {
  if (ahead > 0) return `I have it. It is number ${ahead + 1} in this thread: I am still at work on what came before.`;
  return waitingText === null || waitingText === ""
    ? "I have it. It waits for a free place and begins by itself."
    : `I have it. It waits: ${waitingText}`;
}
