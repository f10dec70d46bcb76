import type { Post } from "./post.ts";

/** What the bot listens to in a channel. `thread`: mentions, and every reply in a thread of its own. */
export const MODES = ["mention", "thread", "all"] as const;
export type Mode = (typeof MODES)[number];
export const DEFAULT_MODE: Mode = "thread";

export interface Surroundings {
  mode: Mode;
  /** The post stands in a thread that belongs to a session. */
  isOurThread: boolean;
  isMuted: boolean;
}

/** Whether a post is meant for us. In a direct message everything is. */
export function isForUs(
  post: Pick<Post, "isDirect" | "mentionsBot" | "isToSomebodyElse" | "threadTs">,
  { mode, isOurThread, isMuted }: Surroundings,
): boolean {
  if (post.mentionsBot) return true;
  if (post.isToSomebodyElse) return false;
  if (post.isDirect) return true;
  if (mode === "mention") return false;
  if (isOurThread) return !isMuted;
  return mode === "all" && post.threadTs === null;
}
