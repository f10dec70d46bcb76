import type { CreateSession } from "../../src/contract/session.ts";
import type { Step } from "../script.ts";

/** One thing said to Claude, and what the scripted model does about it, call by call. */
export interface Turn {
  say: string;
  steps: readonly Step[];
}

/** A session of the demo, from its first message to its last. */
export interface Scene {
  title: string;
  /** A repository of the demo's git host; without one it is the local folder. */
  repository?: string;
  tags?: string[];
  source?: CreateSession["source"];
  options?: Partial<Pick<CreateSession, "allowedTools" | "maxTurns" | "model" | "permissionMode">>;
  turns: readonly Turn[];
}
