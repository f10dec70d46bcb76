import { z } from "zod";
import { AppError, toError } from "../../lib/errors.ts";
import { ACTIONS } from "./actions.ts";
import { whyNot, type Person } from "./may-ask.ts";
import { escapeMrkdwn, inlineCode } from "./mrkdwn.ts";
import { parseCommand } from "./parse-command.ts";
import { questionOf } from "./question-words.ts";
import type { Questions } from "./questions.ts";
import type { CommandRunner } from "./run-command.ts";
import type { HandlerParts } from "./slack-parts.ts";

const Pressed = z.object({
  user: z.object({ id: z.string() }),
  channel: z.object({ id: z.string() }).nullish(),
  container: z
    .object({ message_ts: z.string().nullish(), channel_id: z.string().nullish(), thread_ts: z.string().nullish() })
    .nullish(),
  message: z.object({ ts: z.string(), thread_ts: z.string().nullish() }).nullish(),
  actions: z
    .array(
      z.object({
        action_id: z.string(),
        block_id: z.string().nullish(),
        value: z.string().nullish(),
        selected_option: z.object({ value: z.string() }).nullish(),
      }),
    )
    .min(1),
});

const SlashCommand = z.object({
  channel_id: z.string(),
  user_id: z.string(),
  text: z.string().default(""),
});

interface Press {
  team: string;
  user: string;
  channel: string;
  /** The message that was pressed. */
  ts: string | undefined;
  threadTs: string | undefined;
  value: string;
  blockId: string;
}

interface Parts extends HandlerParts {
  questions: Questions;
  commands: CommandRunner;
}

/** Buttons, menus and slash commands: what they do is done before Slack hears of it, and may be done twice. */
export function createInteractions({ config, clients, people, runs, log, questions, commands }: Parts) {
  /** Only the person sees it; it may be lost. */
  async function whisper({ team, channel, user, threadTs }: Press, text: string): Promise<void> {
    const found = await clients.of(team);
    await found?.interactive.chat
      .postEphemeral({ channel, user, text, ...(threadTs !== undefined && { thread_ts: threadTs }) })
      .catch((error: unknown) => log.debug({ reason: toError(error).message }, "telling one person failed"));
  }

  async function stop(press: Press, { name }: Person): Promise<void> {
    if (!z.uuid().safeParse(press.value).success) return;
    const said = await runs.stop(press.value, name).then(
      ({ stopped }) => (stopped.length > 0 ? undefined : "Nothing is going on there any more."),
      (error: unknown) => {
        if (error instanceof AppError) return escapeMrkdwn(error.message);
        throw error;
      },
    );
    if (said !== undefined) void whisper(press, said);
  }

  /** Takes the menu away, so that nobody presses what is decided. */
  async function close({ team, channel, ts }: Press, text: string): Promise<void> {
    const found = ts === undefined ? undefined : await clients.of(team);
    const blocks = [{ type: "section", text: { type: "mrkdwn", text } }];
    await found?.interactive.chat
      .update({ channel, ts: ts ?? "", text, blocks })
      .catch((error: unknown) => log.debug({ reason: toError(error).message }, "closing a question failed"));
  }

  async function choose(press: Press, { name }: Person): Promise<void> {
    const questionId = questionOf(press.blockId);
    if (questionId === undefined || !z.uuid().safeParse(questionId).success) return;
    const answered = await questions.answer(questionId, Number(press.value), name);
    if (!answered) return void whisper(press, "That question is not open any more.");
    const decided = `${inlineCode(answered.repository)}, chosen by ${escapeMrkdwn(answered.by)}`;
    void close(press, decided);
    if (!answered.isFirst) void whisper(press, `That was answered before: ${decided}.`);
  }

  const works: Readonly<Record<string, (press: Press, person: Person) => Promise<void>>> = {
    [ACTIONS.stop]: stop,
    [ACTIONS.chooseRepository]: choose,
  };

  return {
    /** A button or a menu. What is not ours is left alone. */
    async press(body: unknown, team: string): Promise<void> {
      const read = Pressed.safeParse(body);
      if (!read.success) return;
      for (const action of read.data.actions) {
        const work = works[action.action_id];
        if (!work) continue;
        const press = pressOf(read.data, action, team);
        const person = await people.find(team, press.user);
        const no = whyNot(person, config);
        await (no === undefined ? work(press, person) : whisper(press, no));
      }
    },

    /** A slash command; returns what its author alone sees. */
    async slash(body: unknown, team: string): Promise<string> {
      const { channel_id: channel, user_id: user, text } = SlashCommand.parse(body);
      const command = parseCommand(text, { strict: true }) ?? { is: "help" as const };
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

type PressedBody = z.infer<typeof Pressed>;

function pressOf(
  { user, channel, container, message }: PressedBody,
  action: PressedBody["actions"][number],
  team: string,
): Press {
  return {
    team,
    user: user.id,
    channel: channel?.id ?? container?.channel_id ?? "",
    ts: message?.ts ?? container?.message_ts ?? undefined,
    threadTs: message?.thread_ts ?? container?.thread_ts ?? undefined,
    value: action.selected_option?.value ?? action.value ?? "",
    blockId: action.block_id ?? "",
  };
}
