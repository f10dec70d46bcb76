import { isAllowed } from "./choose-repository.ts";
import type { Handled } from "./handle-post.ts";
import { helpWords } from "./help.ts";
import { escapeMrkdwn, inlineCode } from "./mrkdwn.ts";
import type { Command, WrongCommand } from "./parse-command.ts";
import type { Questions } from "./questions.ts";
import { DEFAULT_MODE } from "./route-post.ts";
import type { HandlerParts } from "./slack-parts.ts";
import { findChannelSessions, findChannelSettings, findThread, muteThread, setChannel } from "./slack-queries.ts";
import { channelStatusWords, sessionStatusWords } from "./status-words.ts";

/** Who says a command, and where. A slash command stands in no thread. */
export interface CommandPlace {
  team: string;
  channel: string;
  threadTs: string | null;
  user: string;
  /** The name of the person. */
  by: string;
}

const IN_A_THREAD = "Please say that in the thread it is about.";
const NOT_OURS = "This thread belongs to no session of mine.";
const LISTED = 5;
const ACTIVE: ReadonlySet<string> = new Set(["created", "queued", "running", "waiting"]);

interface Parts extends HandlerParts {
  questions: Questions;
}

/** What commands do. Each may be done twice: its effect is a state, or its name makes it known. */
export function createCommandRunner(parts: Parts) {
  const { db, clients, config, say, sessions, runs, questions, baseUrl } = parts;

  async function help({ team }: CommandPlace): Promise<string> {
    const found = await clients.of(team).catch(() => undefined);
    return helpWords(found ? `<@${found.botUserId}>` : "me");
  }

  const threadOf = async ({ team, channel, threadTs }: CommandPlace) =>
    threadTs === null ? undefined : findThread(db, { team, channel, threadTs });

  async function stop(place: CommandPlace): Promise<string | undefined> {
    const thread = await threadOf(place);
    if (thread) {
      const { stopped } = await runs.stop(thread.sessionId, place.by);
      return stopped.length > 0 ? undefined : "Nothing is going on here.";
    }
    if (place.threadTs !== null) return NOT_OURS;
    const active = (await findChannelSessions(db, place, 100)).filter(({ status }) => ACTIVE.has(status));
    const [first, ...more] = active;
    if (!first) return "Nothing is going on in this channel.";
    if (more.length > 0)
      return `Several sessions are at work here; say ${inlineCode("stop")} in the thread of the one you mean:\n${active
        .slice(0, LISTED)
        .map(({ title }) => `• ${escapeMrkdwn(title)}`)
        .join("\n")}`;
    await runs.stop(first.id, place.by);
    return `I am stopping “${escapeMrkdwn(first.title)}”.`;
  }

  async function mute(place: CommandPlace, muted: boolean): Promise<string> {
    const thread = await threadOf(place);
    if (!thread) return place.threadTs === null ? IN_A_THREAD : NOT_OURS;
    await muteThread(db, thread.id, muted);
    return muted
      ? `I keep silent in this thread and do not listen to it. ${inlineCode("unmute")} (with a mention) ends that.`
      : "I am back in this thread.";
  }

  async function status(place: CommandPlace): Promise<string> {
    const thread = await threadOf(place);
    if (thread) return sessionStatusWords(await sessions.get(thread.sessionId), { baseUrl: baseUrl(), ...thread });
    const { team, channel } = place;
    const settings = await findChannelSettings(db, team, channel);
    return channelStatusWords(settings, await findChannelSessions(db, place, LISTED));
  }

  async function repo(place: CommandPlace, repository: string | null | undefined): Promise<string> {
    const { team, channel, by } = place;
    if (repository === undefined) {
      const { repository: linked } = await findChannelSettings(db, team, channel);
      return linked === null
        ? "No repository is set for this channel."
        : `Messages here are about ${inlineCode(linked)}.`;
    }
    if (repository !== null && !isAllowed(config, repository))
      return `${inlineCode(repository)} is not one of the repositories I may work on (SLACK_REPOS).`;
    if (repository !== null && (await questions.answerInThread(place, repository)))
      return `I work on ${inlineCode(repository)}.`;
    await setChannel(db, place, { repository, changedBy: by });
    return repository === null
      ? "I forgot which repository this channel is about."
      : `From now on messages in this channel are about ${inlineCode(repository)}.`;
  }

  async function setting(
    place: CommandPlace,
    command: Extract<Command, { is: "mode" | "verbosity" }>,
  ): Promise<string> {
    const { team, channel, by: changedBy } = place;
    const set = await findChannelSettings(db, team, channel);
    if (command.is === "mode") {
      if (command.mode === undefined) return `The mode of this channel is ${set.mode ?? DEFAULT_MODE}.`;
      await setChannel(db, place, { mode: command.mode, changedBy });
      return `The mode of this channel is now ${command.mode}.`;
    }
    if (command.verbosity === undefined) return `The verbosity of this channel is ${set.verbosity ?? "minimal"}.`;
    await setChannel(db, place, { verbosity: command.verbosity, changedBy });
    return `The verbosity of this channel is now ${command.verbosity}.`;
  }

  /** Does it; returns what is to be said, undefined when what happens speaks for itself. */
  async function run(command: Command | WrongCommand, place: CommandPlace): Promise<string | undefined> {
    switch (command.is) {
      case "wrong":
        return `I do not understand: ${escapeMrkdwn(command.why)}.\n\n${await help(place)}`;
      case "help":
        return help(place);
      case "stop":
        return stop(place);
      case "mute":
        return mute(place, true);
      case "unmute":
        return mute(place, false);
      case "status":
        return status(place);
      case "repo":
        return repo(place, command.repository);
      default:
        return setting(place, command);
    }
  }

  return {
    run,

    /** The answer is said in the thread. */
    async inThread(command: Command | WrongCommand, place: CommandPlace & { ts: string }): Promise<Handled> {
      const text = await run(command, place);
      const { team, channel, threadTs, ts } = place;
      if (text !== undefined) await say({ key: `command:${team}:${channel}:${ts}`, team, channel, threadTs, text });
      return { is: "done" };
    },

    /** Who speaks to us in a muted thread learns why nothing comes back. */
    async saysMuted({
      team,
      channel,
      threadTs,
      ts,
      user,
    }: Omit<CommandPlace, "by"> & { ts: string }): Promise<Handled> {
      const text = `This thread is muted. Mention me with ${inlineCode("unmute")} first.`;
      await say({ key: `muted:${team}:${channel}:${ts}`, team, channel, threadTs, user, text });
      return { is: "refused", reason: "the thread is muted" };
    },
  };
}

export type CommandRunner = ReturnType<typeof createCommandRunner>;
