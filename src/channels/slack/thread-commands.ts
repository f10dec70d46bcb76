import type { CommandParts, CommandPlace } from "./command-place.ts";
import { escapeMrkdwn, inlineCode } from "./mrkdwn.ts";
import { findChannelSessions, findChannelSettings, findThread, muteThread } from "./slack-queries.ts";
import { channelStatusWords, sessionStatusWords } from "./status-words.ts";

const IN_A_THREAD = "Please say that in the thread it is about.";
const NOT_OURS = "This thread belongs to no session of mine.";
const LISTED = 5;
const MAX_ACTIVE = 100;
const ACTIVE: ReadonlySet<string> = new Set(["created", "queued", "running", "waiting"]);

export const threadAt = async ({ db }: CommandParts, { team, channel, threadTs }: CommandPlace) =>
  threadTs === null ? undefined : findThread(db, { team, channel, threadTs });

/** Stops the thread's session; in a channel the only one that is at work. Silent when what happens speaks for itself. */
export async function stop(parts: CommandParts, place: CommandPlace): Promise<string | undefined> {
  const thread = await threadAt(parts, place);
  if (thread) {
    const { stopped } = await parts.runs.stop(thread.sessionId, place.by);
    return stopped.length > 0 ? undefined : "Nothing is going on here.";
  }
  return place.threadTs === null ? stopInChannel(parts, place) : NOT_OURS;
}

async function stopInChannel({ db, runs }: CommandParts, place: CommandPlace): Promise<string> {
  const sessions = await findChannelSessions(db, place, MAX_ACTIVE);
  const [first, ...more] = sessions.filter(({ status: now }) => ACTIVE.has(now));
  if (!first) return "Nothing is going on in this channel.";
  if (more.length === 0) {
    await runs.stop(first.id, place.by);
    return `I am stopping “${escapeMrkdwn(first.title)}”.`;
  }
  const titles = [first, ...more].slice(0, LISTED).map(({ title }) => `• ${escapeMrkdwn(title)}`);
  const how = `Several sessions are at work here; say ${inlineCode("stop")} in the thread of the one you mean:`;
  return [how, ...titles].join("\n");
}

export async function mute(parts: CommandParts, place: CommandPlace, muted: boolean): Promise<string> {
  const thread = await threadAt(parts, place);
  if (!thread) return place.threadTs === null ? IN_A_THREAD : NOT_OURS;
  await muteThread(parts.db, thread.id, muted);
  return muted
    ? `I keep silent in this thread and do not listen to it. ${inlineCode("unmute")} (with a mention) ends that.`
    : "I am back in this thread.";
}

/** What the thread's session does; in a channel what is set there, and the latest sessions. */
export async function status(parts: CommandParts, place: CommandPlace): Promise<string> {
  const { db, sessions, baseUrl, mailAddressOf } = parts;
  const thread = await threadAt(parts, place);
  if (thread) {
    const mailAddress = mailAddressOf(thread.sessionId);
    return sessionStatusWords(await sessions.get(thread.sessionId), { baseUrl: baseUrl(), mailAddress, ...thread });
  }
  const settings = await findChannelSettings(db, place.team, place.channel);
  return channelStatusWords(settings, await findChannelSessions(db, place, LISTED));
}
