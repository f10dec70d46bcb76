import type { Questions } from "./questions.ts";
import type { HandlerParts } from "./slack-parts.ts";

/** Who says a command, and where. A slash command stands in no thread. */
export interface CommandPlace {
  team: string;
  channel: string;
  threadTs: string | null;
  user: string;
  /** The name of the person. */
  by: string;
}

export interface CommandParts extends HandlerParts {
  questions: Questions;
}
