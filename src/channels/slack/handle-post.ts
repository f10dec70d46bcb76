import type { Acknowledgements } from "./acknowledgements.ts";
import { chooseRepository } from "./choose-repository.ts";
import { whyNot } from "./may-ask.ts";
import { escapeMrkdwn, inlineCode } from "./mrkdwn.ts";
import { parseCommand } from "./parse-command.ts";
import { mentionedPeople, plainText } from "./plain-text.ts";
import type { PostDecision } from "./post-decision.ts";
import type { PostWorker } from "./post-worker.ts";
import type { Post } from "./post.ts";
import { DEFAULT_MODE, isForUs } from "./route-post.ts";
import type { CommandRunner } from "./run-command.ts";
import type { HandlerParts } from "./slack-parts.ts";
import { findChannelSettings, findPost, findThread, keepDecision } from "./slack-queries.ts";

export type Handled = { is: "done" } | { is: "refused"; reason: string };
const DONE: Handled = { is: "done" };

const MAX_FORWARDED = 4_000;

interface Parts extends HandlerParts {
  acknowledgements: Acknowledgements;
  commands: CommandRunner;
  worker: PostWorker;
}

/** What is done with a post, whichever events told of it: nothing, a command, or work for Claude. */
export function createPostHandler(parts: Parts) {
  const { db, config, people, say, acknowledgements, commands, worker } = parts;

  /** Where it was said, and what is known about that place. */
  async function surroundings(post: Post) {
    const { team, channel, threadTs } = post;
    const [settings, thread] = await Promise.all([
      findChannelSettings(db, team, channel),
      threadTs === null ? undefined : findThread(db, { team, channel, threadTs }),
    ]);
    return { settings, thread };
  }
  type Surroundings = Awaited<ReturnType<typeof surroundings>>;

  async function refuse(post: Post, why: string): Promise<Handled> {
    const { team, channel, threadTs, user } = post;
    await say({ key: `refused:${team}:${channel}:${user}`, team, channel, threadTs, user, text: escapeMrkdwn(why) });
    return { is: "refused", reason: why };
  }

  async function decide(
    post: Post,
    { text, author, settings, thread }: Surroundings & { text: string; author: string },
  ): Promise<PostDecision> {
    const base = { author, text: withForwarded(text, post), files: post.files };
    if (thread) return { is: "continue", ...base, sessionId: thread.sessionId };
    const name = post.isDirect ? null : await people.channelName(post.team, post.channel);
    const choice = chooseRepository(config, { text, channel: { id: post.channel, name }, linked: settings.repository });
    switch (choice.is) {
      case "chosen":
        return { is: "start", ...base, repository: choice.repository, why: choice.why };
      case "ask":
        return { is: "ask", ...base, options: choice.options };
      case "not_allowed":
        return {
          is: "wrong",
          ...base,
          problem: `${inlineCode(choice.repository)} is not one of the repositories I may work on (SLACK_REPOS).`,
        };
    }
  }

  /** Reads who asks and what; a command is carried out at once, work is decided and kept. */
  async function answer(post: Post, around: Surroundings, { botUserId, signal }: Context): Promise<Handled> {
    const { team, channel, ts, user } = post;
    const names = await people.names(team, mentionedPeople(post.text, botUserId));
    const text = plainText(post.text, { botUserId, people: names });
    const isEmpty = text === "" && post.files.length === 0 && post.forwarded.length === 0;
    const command = isEmpty ? ({ is: "help" } as const) : parseCommand(text);
    const place = { team, channel, threadTs: post.threadTs ?? ts };
    if (command?.is === "help") return commands.inThread(command, { ...place, ts, user, by: user });
    const person = await people.find(team, user);
    const no = whyNot(person, config);
    if (no !== undefined) return refuse(post, no);
    if (command) return commands.inThread(command, { ...place, ts, user, by: person.name });
    if (around.thread?.muted === true) return commands.saysMuted({ ...place, ts, user });

    const decision = await decide(post, { ...around, text, author: person.name });
    const row = await keepDecision(db, { team, channel, ts, threadTs: place.threadTs, userId: user, decision });
    const eyes = row.decision.is === "ask" ? undefined : acknowledgements.add(row);
    const handled = await worker.carryOut(row, signal);
    await eyes;
    return handled;
  }

  return async (post: Post, context: Context): Promise<Handled> => {
    const known = await findPost(db, post);
    if (known?.handledAt) return DONE;
    if (known) {
      const eyes = acknowledgements.add(known);
      const handled = await worker.carryOut(known, context.signal);
      await eyes;
      return handled;
    }
    const around = await surroundings(post);
    const mode = around.settings.mode ?? DEFAULT_MODE;
    const isMuted = around.thread?.muted === true;
    if (!isForUs(post, { mode, isOurThread: around.thread !== undefined, isMuted })) return DONE;
    return answer(post, around, context);
  };
}

interface Context {
  botUserId: string;
  signal: AbortSignal;
}

export type PostHandler = ReturnType<typeof createPostHandler>;

/** What others said elsewhere and was forwarded, as a quotation. */
function withForwarded(text: string, { forwarded, files }: Post): string {
  const quoted = forwarded.map(
    ({ author, text: said }) =>
      `Forwarded, said by ${author}:\n${said
        .slice(0, MAX_FORWARDED)
        .split("\n")
        .map((line) => `> ${line}`)
        .join("\n")}`,
  );
  const all = [text, ...quoted].filter((part) => part !== "").join("\n\n");
  return all === "" && files.length > 0 ? "(Files without a word; look at them.)" : all;
}
