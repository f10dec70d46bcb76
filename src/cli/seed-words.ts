import type { Direction } from "../contract/message.ts";
import { SessionStatus, Source } from "../contract/session.ts";

/**
 * What the words of the old database are called here. Nothing of an imported session runs, so whatever said "going on"
 * becomes `completed`: it rests, and may be continued. A word that is not listed does too; the old one stays in the
 * metadata as `seedStatus`.
 */
const STATUSES: Readonly<Record<string, SessionStatus>> = {
  new: "created",
  pending: "created",
  initializing: "created",
  error: "failed",
  errored: "failed",
  crashed: "failed",
  timeout: "failed",
  canceled: "cancelled",
  stopped: "cancelled",
  killed: "cancelled",
  aborted: "cancelled",
  terminated: "cancelled",
  deleted: "archived",
};
const AT_REST: ReadonlySet<string> = new Set(["created", "completed", "failed", "cancelled", "archived"]);

export function toStatus(word: string): SessionStatus {
  if (AT_REST.has(word)) return SessionStatus.parse(word);
  return STATUSES[word] ?? "completed";
}

const INBOUND: ReadonlySet<string> = new Set([
  "inbound",
  "in",
  "incoming",
  "user",
  "human",
  "to_claude",
  "request",
  "prompt",
]);
const OUTBOUND: ReadonlySet<string> = new Set([
  "outbound",
  "out",
  "outgoing",
  "assistant",
  "agent",
  "bot",
  "claude",
  "from_claude",
  "response",
  "system",
]);

/** Undefined for a word that says neither. */
export function toDirection(word: string): Direction | undefined {
  if (INBOUND.has(word)) return "inbound";
  return OUTBOUND.has(word) ? "outbound" : undefined;
}

const SOURCES: Readonly<Record<string, Source>> = {
  web: "dashboard",
  ui: "dashboard",
  manual: "dashboard",
  terminal: "cli",
  mail: "email",
  gmail: "email",
  workflow: "n8n",
  webhook: "api",
  user: "api",
  assistant: "claude",
  "claude-code": "claude",
  claude_code: "claude",
  hook: "claude",
};

/** Undefined for a door that we do not have. */
export function toSource(word: string): Source | undefined {
  const known = Source.safeParse(word);
  return known.success ? known.data : SOURCES[word];
}
