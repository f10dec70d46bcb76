import type { SlackFile } from "./post.ts";

/** What a post asks for, decided once and kept before anything is done. */
export interface PostDecision {
  /** `ask`: what to work on is not clear; it becomes a `start` with the answer. */
  is: "start" | "continue" | "ask" | "wrong";
  /** Who asked, as people read it. */
  author: string;
  /** The prompt, as people read it. */
  text: string;
  files: SlackFile[];
  /** Of `continue`. */
  sessionId?: string;
  /** Of `start`, and why it is this one. */
  repository?: string;
  why?: string;
  /** Of `ask`. */
  options?: string[];
  /** Of `wrong`: what is wrong, for its author. */
  problem?: string;
}
