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
  return `Message from ${nameOf(message.author)} (${message.source}):\n\n${inert(message.content)}`;
}

/** The same text to a reader, with no path in it that Claude would inline. */
export const inert = (text: string): string => text.replaceAll(/@(?=[^\s@])/gu, `@${APART}`);

const nameOf = (author: string | null): string =>
  (author ?? "someone").replaceAll(/[\r\n]+/g, " ").replaceAll("@", `@${APART}`);
