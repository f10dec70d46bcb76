import { MODES, type Mode } from "./route-post.ts";

export const VERBOSITIES = ["full", "minimal", "result"] as const;
export type Verbosity = (typeof VERBOSITIES)[number];

export type Command =
  | { is: "help" | "stop" | "mute" | "unmute" | "status" }
  /** Without a value it asks what is set; null takes the setting away. */
  | { is: "repo"; repository?: string | null }
  | { is: "mode"; mode?: Mode }
  | { is: "verbosity"; verbosity?: Verbosity };

/** Said with something it does not know. */
export interface WrongCommand {
  is: "wrong";
  why: string;
}

const plain: ReadonlySet<string> = new Set(["help", "stop", "mute", "unmute", "status"]);
const REPOSITORY = /^(?:[\w.-]+\/[\w.-]+|https?:\/\/\S+|\/\S+)$/;
const NONE: ReadonlySet<string> = new Set(["none", "off", "clear"]);

/** `owner/repo` of its own URL, else the text as it is. */
export function repositoryName(text: string): string {
  return /^https?:\/\/github\.com\/([\w.-]+\/[\w.-]+?)(?:\.git)?\/?$/i.exec(text)?.[1] ?? text;
}

function setting(word: string, value: string | undefined): Command | WrongCommand | undefined {
  if (word === "mode") {
    const mode = MODES.find((known) => known === value);
    if (value !== undefined && !mode) return { is: "wrong", why: `mode is one of ${MODES.join(", ")}` };
    return mode ? { is: "mode", mode } : { is: "mode" };
  }
  if (word === "verbosity") {
    const verbosity = VERBOSITIES.find((known) => known === value);
    if (value !== undefined && !verbosity) return { is: "wrong", why: `verbosity is one of ${VERBOSITIES.join(", ")}` };
    return verbosity ? { is: "verbosity", verbosity } : { is: "verbosity" };
  }
  return undefined;
}

function repo(value: string | undefined): Command | WrongCommand {
  if (value === undefined) return { is: "repo" };
  if (NONE.has(value.toLowerCase())) return { is: "repo", repository: null };
  if (!REPOSITORY.test(value)) return { is: "wrong", why: "repo wants owner/name, a git URL, or none" };
  return { is: "repo", repository: repositoryName(value) };
}

const valued = (word: string, value: string | undefined): Command | WrongCommand | undefined =>
  word === "repo" ? repo(value) : setting(word, value?.toLowerCase());

/**
 * The command of a text that is nothing else; a sentence that begins with such a word is a prompt. Undefined when it is
 * no command, and also for a wrong value: only after a slash (`parseSlash`) it can be nothing else.
 */
export function parseCommand(text: string): Command | undefined {
  const command = read(text);
  return command?.is === "wrong" ? undefined : command;
}

/** What was said after the slash command's name. */
export function parseSlash(text: string): Command | WrongCommand {
  if (text.trim() === "") return { is: "help" };
  return read(text) ?? { is: "wrong", why: `there is no command “${text.trim().slice(0, 50)}”` };
}

function read(text: string): Command | WrongCommand | undefined {
  const [first = "", value, ...more] = text.trim().replace(/^[!/]/, "").split(/\s+/);
  const word = first.toLowerCase().replace(/[.!]+$/, "");
  if (plain.has(word) && value === undefined) return { is: word as "help" };
  return more.length === 0 ? valued(word, value) : undefined;
}
