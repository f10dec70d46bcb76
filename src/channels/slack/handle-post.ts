import type { Acknowledgements } from "./acknowledgements.ts";
import { decidePost } from "./decide-post.ts";
import { whyNot } from "./may-ask.ts";
import { escapeMrkdwn } from "./mrkdwn.ts";
import { parseCommand, type Command } from "./parse-command.ts";
import { mentionedPeople, plainText } from "./plain-text.ts";
import type { PostWorker } from "./post-worker.ts";
import type { Post } from "./post.ts";
import { DEFAULT_MODE, isForUs } from "./route-post.ts";
import type { CommandRunner } from "./run-command.ts";
import type { HandlerParts } from "./slack-parts.ts";
import { findChannelSettings, findPost, findThread, keepDecision, type PostRow } from "./slack-queries.ts";

export type Handled = { is: "done" } | { is: "refused"; reason: string };
const DONE: Handled = { is: "done" };

interface Parts extends HandlerParts {
  acknowledgements: Acknowledgements;
  commands: CommandRunner;
  worker: PostWorker;
}

interface Context {
  botUserId: string;
  signal: AbortSignal;
}

/** Where a post was said, and what is known about that place. */
async function surroundingsOf({ db }: Parts, { team, channel, threadTs }: Post) {
  const [settings, thread] = await Promise.all([
    findChannelSettings(db, team, channel),
    threadTs === null ? undefined : findThread(db, { team, channel, threadTs }),
  ]);
  return { settings, thread, isMuted: thread?.muted === true };
}
type Surroundings = Awaited<ReturnType<typeof surroundingsOf>>;

async function read({ people }: Parts, post: Post, botUserId: string) {
  const names = await people.names(post.team, mentionedPeople(post.text, botUserId));
  const text = plainText(post.text, { botUserId, people: names });
  const isEmpty = text === "" && post.files.length === 0 && post.forwarded.length === 0;
  const command: Command | undefined = isEmpty ? { is: "help" } : parseCommand(text);
  return { text, command };
}

async function refuse({ say }: Parts, post: Post, why: string): Promise<Handled> {
  const { team, channel, threadTs, user } = post;
  await say({ key: `refused:${team}:${channel}:${user}`, team, channel, threadTs, user, text: escapeMrkdwn(why) });
  return { is: "refused", reason: why };
}

async function carryOut({ acknowledgements, worker }: Parts, row: PostRow, signal: AbortSignal): Promise<Handled> {
  const eyes = row.decision.is === "ask" ? undefined : acknowledgements.add(row);
  const handled = await worker.carryOut(row, signal);
  await eyes;
  return handled;
}

/** Reads who asks and what; a command is carried out at once, work is decided and kept. */
async function answer(parts: Parts, post: Post, around: Surroundings, context: Context): Promise<Handled> {
  const { db, config, people, commands } = parts;
  const { team, channel, ts, user } = post;
  const { text, command } = await read(parts, post, context.botUserId);
  const place = { team, channel, threadTs: post.threadTs ?? ts, ts, user };
  if (command?.is === "help") return commands.inThread(command, { ...place, by: user });
  const { name: author, ...person } = await people.find(team, user);
  const no = whyNot(person, config);
  if (no !== undefined) return refuse(parts, post, no);
  if (command) return commands.inThread(command, { ...place, by: author });
  if (around.isMuted) return commands.saysMuted(place);
  const { thread, settings } = around;
  const asked = { text, author, sessionId: thread?.sessionId, linked: settings.repository };
  const decision = await decidePost(parts, post, asked);
  const row = { team, channel, ts, threadTs: place.threadTs, userId: user, decision };
  return carryOut(parts, await keepDecision(db, row), context.signal);
}

/** What is done with a post, whichever events told of it: nothing, a command, or work for Claude. */
export function createPostHandler(parts: Parts) {
  return async (post: Post, context: Context): Promise<Handled> => {
    const known = await findPost(parts.db, post);
    if (known?.handledAt) return DONE;
    if (known) return carryOut(parts, known, context.signal);
    const around = await surroundingsOf(parts, post);
    const { settings, thread, isMuted } = around;
    const mode = settings.mode ?? DEFAULT_MODE;
    if (!isForUs(post, { mode, isOurThread: thread !== undefined, isMuted })) return DONE;
    return answer(parts, post, around, context);
  };
}

export type PostHandler = ReturnType<typeof createPostHandler>;
