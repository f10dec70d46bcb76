import { z } from "zod";
import { AppError, toError } from "../../lib/errors.ts";
import { ACTIONS } from "./actions.ts";
import type { CommandParts } from "./command-place.ts";
import { whyNot, type Person } from "./may-ask.ts";
import { escapeMrkdwn, inlineCode } from "./mrkdwn.ts";
import { parseSlash } from "./parse-command.ts";
import { readPresses, type Press } from "./press.ts";
import { questionOf } from "./question-words.ts";
import type { CommandRunner } from "./run-command.ts";

const SlashCommand = z.object({
  channel_id: z.string(),
  user_id: z.string(),
  text: z.string().default(""),
});

interface Parts extends CommandParts {
  commands: CommandRunner;
}

const isId = (text: string): boolean => z.uuid().safeParse(text).success;

/** Only the person sees it; it may be lost. */
async function whisper({ clients, log }: Parts, { team, channel, user, threadTs }: Press, text: string): Promise<void> {
  const said = { channel, user, text, ...(threadTs !== undefined && { thread_ts: threadTs }) };
  try {
    const found = await clients.of(team);
    await found?.interactive.chat.postEphemeral(said);
  } catch (error) {
    log.debug({ reason: toError(error).message }, "telling one person failed");
  }
}

async function stop(parts: Parts, press: Press, { name }: Person): Promise<void> {
  if (!isId(press.value)) return;
  try {
    const { stopped } = await parts.runs.stop(press.value, name);
    if (stopped.length === 0) void whisper(parts, press, "Nothing is going on there any more.");
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    void whisper(parts, press, escapeMrkdwn(error.message));
  }
}

/** Takes the menu away, so that nobody presses what is decided. */
async function close({ clients, log }: Parts, { team, channel, ts = "" }: Press, text: string): Promise<void> {
  try {
    const found = await clients.of(team);
    const blocks = [{ type: "section", text: { type: "mrkdwn", text } }];
    await found?.interactive.chat.update({ channel, ts, text, blocks });
  } catch (error) {
    log.debug({ reason: toError(error).message }, "closing a question failed");
  }
}

async function choose(parts: Parts, press: Press, { name }: Person): Promise<void> {
  const questionId = questionOf(press.blockId);
  if (questionId === undefined || !isId(questionId)) return;
  const answered = await parts.questions.answer(questionId, Number(press.value), name);
  if (!answered) return void whisper(parts, press, "That question is not open any more.");
  const decided = `${inlineCode(answered.repository)}, chosen by ${escapeMrkdwn(answered.by)}`;
  void close(parts, press, decided);
  if (!answered.isFirst) void whisper(parts, press, `That was answered before: ${decided}.`);
}

const works: ReadonlyMap<string, typeof stop> = new Map([
  [ACTIONS.stop, stop],
  [ACTIONS.chooseRepository, choose],
]);

/** Buttons, menus and slash commands: what they do is done before Slack hears of it, and may be done twice. */
export function createInteractions(parts: Parts) {
  const { config, people, commands } = parts;
  return {
    /** What is not ours is left alone. */
    async press(body: unknown, team: string): Promise<void> {
      for (const press of readPresses(body, team)) {
        const work = works.get(press.actionId);
        if (!work) continue;
        const person = await people.find(team, press.user);
        const no = whyNot(person, config);
        if (no === undefined) await work(parts, press, person);
        else void whisper(parts, press, no);
      }
    },

    /** Returns what the command's author alone sees. */
    async slash(body: unknown, team: string): Promise<string> {
      const { channel_id: channel, user_id: user, text } = SlashCommand.parse(body);
      const command = parseSlash(text);
      const place = { team, channel, threadTs: null, user, by: user };
      if (command.is === "help") return (await commands.run(command, place)) ?? "";
      const person = await people.find(team, user);
      const no = whyNot(person, config);
      if (no !== undefined) return no;
      return (await commands.run(command, { ...place, by: person.name })) ?? "Done.";
    },
  };
}

export type Interactions = ReturnType<typeof createInteractions>;
