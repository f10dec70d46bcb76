import type { Source } from "../contract/session.ts";

/** Text a person typed into one of our own tools goes as typed: slash commands and @paths are theirs to use. */
const typed: ReadonlySet<string> = new Set<Source>(["api", "dashboard", "cli"]);

/** A zero-width space: the reader sees the same text, Claude no longer sees a path to inline. */
const APART = "\u200B";

/**
 * The prompt of a message. Text from outside (a chat, a mail, an issue) could begin with a slash command or inline a
 * file of this machine by `@/path`; it starts with a line that names its author, and its @ signs lead nowhere.
 */
export function promptOf(message: { content: string; source: string; author: string | null }): string {
  if (typed.has(message.source)) return message.content;
  const author = (message.author ?? "someone").replaceAll(/[\r\n]+/g, " ");
  const inert = message.content.replaceAll(/@(?=[^\s@])/gu, `@${APART}`);
  return `Message from ${author.replaceAll("@", `@${APART}`)} (${message.source}):\n\n${inert}`;
}
