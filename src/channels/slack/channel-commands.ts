import { isAllowed } from "./choose-repository.ts";
import type { CommandParts, CommandPlace } from "./command-place.ts";
import { notAllowed } from "./decide-post.ts";
import { inlineCode } from "./mrkdwn.ts";
import type { Command } from "./parse-command.ts";
import { DEFAULT_MODE } from "./route-post.ts";
import { findChannelSettings, setChannel } from "./slack-queries.ts";

async function readRepository({ db }: CommandParts, { team, channel }: CommandPlace): Promise<string> {
  const { repository } = await findChannelSettings(db, team, channel);
  return repository === null
    ? "No repository is set for this channel."
    : `Messages here are about ${inlineCode(repository)}.`;
}

/** Says what a channel is about; in the thread of an open question it answers that one instead. */
export async function setRepository(
  parts: CommandParts,
  place: CommandPlace,
  repository: string | null | undefined,
): Promise<string> {
  const { db, config, questions } = parts;
  if (repository === undefined) return readRepository(parts, place);
  if (repository === null) {
    await setChannel(db, place, { repository, changedBy: place.by });
    return "I forgot which repository this channel is about.";
  }
  if (!isAllowed(config, repository)) return notAllowed(repository);
  if (await questions.answerInThread(place, repository)) return `I work on ${inlineCode(repository)}.`;
  await setChannel(db, place, { repository, changedBy: place.by });
  return `From now on messages in this channel are about ${inlineCode(repository)}.`;
}

/** Says or changes the mode or the verbosity of a channel. */
export async function changeSetting(
  { db }: CommandParts,
  place: CommandPlace,
  command: Extract<Command, { is: "mode" | "verbosity" }>,
): Promise<string> {
  const [name, value] =
    command.is === "mode" ? (["mode", command.mode] as const) : (["verbosity", command.verbosity] as const);
  if (value !== undefined) {
    await setChannel(db, place, { [name]: value, changedBy: place.by });
    return `The ${name} of this channel is now ${value}.`;
  }
  const set = await findChannelSettings(db, place.team, place.channel);
  const now = name === "mode" ? (set.mode ?? DEFAULT_MODE) : (set.verbosity ?? "minimal");
  return `The ${name} of this channel is ${now}.`;
}
