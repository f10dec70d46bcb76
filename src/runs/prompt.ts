import type { Source } from "../contract/session.ts";
import { inert, inertPart } from "../lib/inert.ts";

/**
 * Text a person typed into one of our own tools goes as typed: slash commands and @paths are theirs to use. The prompt of
 * a schedule came by one of these when the schedule was made.
 */
const typed: ReadonlySet<string> = new Set<Source>(["api", "dashboard", "cli", "schedule"]);

/**
 * The prompt of a message. Text from outside (a chat, a mail, an issue) could begin with a slash command or inline a
 * file of this machine by `@/path`; it starts with a line that names its author, and its @ signs lead nowhere.
 */
export function promptOf(message: { content: string; source: string; author: string | null }): string {
  if (typed.has(message.source)) return message.content;
  return `Message from ${nameOf(message.author)} (${message.source}):\n\n${inert(message.content)}`;
}

const nameOf = (author: string | null): string => inertPart((author ?? "someone").replaceAll(/[\r\n]+/g, " "));
