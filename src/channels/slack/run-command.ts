import { changeSetting, setRepository } from "./channel-commands.ts";
import type { CommandParts, CommandPlace } from "./command-place.ts";
import type { Handled } from "./handle-post.ts";
import { helpWords } from "./help.ts";
import { escapeMrkdwn, inlineCode } from "./mrkdwn.ts";
import type { Command, WrongCommand } from "./parse-command.ts";
import { mute, status, stop, threadAt } from "./thread-commands.ts";

async function help(parts: CommandParts, place: CommandPlace): Promise<string> {
  const found = await parts.clients.of(place.team).catch(() => undefined);
  const thread = await threadAt(parts, place);
  return helpWords(found ? `<@${found.botUserId}>` : "me", thread ? parts.mailAddressOf(thread.sessionId) : null);
}

/** Does it; returns what is to be said, undefined when what happens speaks for itself. */
async function run(
  parts: CommandParts,
  command: Command | WrongCommand,
  place: CommandPlace,
): Promise<string | undefined> {
  switch (command.is) {
    case "wrong":
      return `I do not understand: ${escapeMrkdwn(command.why)}.\n\n${await help(parts, place)}`;
    case "help":
      return help(parts, place);
    case "stop":
      return stop(parts, place);
    case "mute":
      return mute(parts, place, true);
    case "unmute":
      return mute(parts, place, false);
    case "status":
      return status(parts, place);
    case "repo":
      return setRepository(parts, place, command.repository);
    default:
      return changeSetting(parts, place, command);
  }
}

/** What commands do. Each may be done twice: its effect is a state, or its name makes it known. */
export function createCommandRunner(parts: CommandParts) {
  const { say } = parts;
  return {
    run: (command: Command | WrongCommand, place: CommandPlace) => run(parts, command, place),

    /** The answer is said in the thread. */
    async inThread(command: Command, place: CommandPlace & { ts: string }): Promise<Handled> {
      const text = await run(parts, command, place);
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
