import { inlineCode } from "./mrkdwn.ts";
import { DEFAULT_MODE } from "./route-post.ts";

const line = (command: string, what: string): string => `• ${inlineCode(command)} ${what}`;

/** By which address the session of a thread is gone on with by mail. */
export const mailWords = (address: string): string => `Mails to ${inlineCode(address)} go on with this session, too.`;

/** What can be said, and how; in the thread of a session that hears mails, also where they go. */
export const helpWords = (bot: string, mailAddress: string | null): string =>
  [
    `*Mention ${bot} with what you want done*; I work on it in a repository and answer in the thread. A reply in that thread goes on with the same session.`,
    "",
    "In a thread of mine, or after a mention:",
    line("stop", "ends what I am doing and drops what waits (so does a :octagonal_sign: reaction, and the button)"),
    line("status", "says what I am doing"),
    line("mute", `keeps me silent in this thread; ${inlineCode("unmute")} ends that`),
    "",
    `For the channel, also as ${inlineCode("/claude …")}:`,
    line("repo owner/name", `says what messages here are about; ${inlineCode("repo none")} forgets it`),
    line(
      "mode mention|thread|all",
      `what I listen to; without a word of yours ${DEFAULT_MODE}: a mention begins, replies in its thread go on`,
    ),
    line("verbosity full|minimal|result", "how much of the work I show; without a word of yours minimal"),
    line("help", "this"),
    "",
    `To name another repository in a message: ${inlineCode("repo:owner/name")}. Files you attach come along.`,
    ...(mailAddress === null ? [] : [mailWords(mailAddress)]),
  ].join("\n");
