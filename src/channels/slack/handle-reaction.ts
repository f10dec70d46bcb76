import { z } from "zod";
import { toError } from "../../lib/errors.ts";
import type { Handled } from "./handle-post.ts";
import { whyNot } from "./may-ask.ts";
import type { HandlerParts } from "./slack-parts.ts";
import { findThread, findThreadOf } from "./slack-queries.ts";

const ReactionAdded = z.object({
  type: z.literal("reaction_added"),
  user: z.string(),
  reaction: z.string(),
  item: z.object({ type: z.literal("message"), channel: z.string(), ts: z.string() }),
});

/** 🛑 */
const STOP: ReadonlySet<string> = new Set(["octagonal_sign", "stop_sign"]);
const Replies = z.object({ messages: z.array(z.object({ thread_ts: z.string().nullish() })).min(1) });

/** A 🛑 on any message of a session's thread stops what is on in it. */
export function createReactionHandler({ db, config, clients, people, runs, log }: HandlerParts) {
  /** Messages that we did not write down stand in a thread that Slack knows. */
  async function askSlack(team: string, channel: string, ts: string): Promise<string | undefined> {
    const found = await clients.of(team);
    try {
      const answer = await found?.interactive.conversations.replies({ channel, ts, limit: 1, inclusive: true });
      const read = Replies.safeParse(answer);
      return read.success ? (read.data.messages[0]?.thread_ts ?? undefined) : undefined;
    } catch (error) {
      log.debug({ reason: toError(error).message }, "asking Slack for the thread of a message failed");
      return undefined;
    }
  }

  async function threadAt(team: string, channel: string, ts: string) {
    const find = (threadTs: string | undefined) =>
      threadTs === undefined ? undefined : findThread(db, { team, channel, threadTs });
    return (
      (await find(ts)) ??
      (await find(await findThreadOf(db, { team, channel, ts }))) ??
      (await find(await askSlack(team, channel, ts)))
    );
  }

  return async (event: unknown, { team, botUserId }: { team: string; botUserId: string }): Promise<Handled> => {
    const read = ReactionAdded.safeParse(event);
    if (!read.success || !STOP.has(read.data.reaction) || read.data.user === botUserId) return { is: "done" };
    const { channel, ts } = read.data.item;
    const thread = await threadAt(team, channel, ts);
    if (!thread) return { is: "done" };
    const person = await people.find(team, read.data.user);
    const no = whyNot(person, config);
    if (no !== undefined) return { is: "refused", reason: no };
    await runs.stop(thread.sessionId, person.name);
    return { is: "done" };
  };
}

export type ReactionHandler = ReturnType<typeof createReactionHandler>;
