import { OWN_HEADER } from "./own-header.ts";

/** Ids that a mail refers to: the first, which mail programs find the thread by, and the last ones. */
const MAX_REFERENCES = 20;
const MAX_SUBJECT = 200;
const REPLY = /^\s*(re|aw|antw|sv|vs|odp|res|rif|ynt|atb|回复|答复)\s*(\[\d+\])?\s*[:：]/i;

/** The mail that is answered. */
export interface Answered {
  subject: string;
  /** With its angle brackets; null when it had none, or nothing was said before. */
  messageId: string | null;
  /** Oldest first, without its own id. */
  references: readonly string[];
}

/** The same for every attempt at a delivery: mail programs show a mail that came twice once. */
export const messageIdOf = (deliveryId: string, from: string): string =>
  `<${deliveryId}@${from.slice(from.lastIndexOf("@") + 1)}>`;

/** The subject that keeps an answer in the thread: one `Re: ` before it, in whatever language one stands there already. */
export function replySubject({ subject, messageId }: Answered): string {
  const line = subject.replaceAll(/\s+/g, " ").trim().slice(0, MAX_SUBJECT).toWellFormed();
  return messageId === null || REPLY.test(line) ? line : `Re: ${line}`.trim();
}

/** What makes one thread of question and answer in mail programs. */
export function threadHeaders({ messageId, references }: Answered): { inReplyTo?: string; references?: string[] } {
  if (messageId === null) return {};
  const all = [...new Set([...references, messageId])];
  const bounded = all.length > MAX_REFERENCES ? [...all.slice(0, 1), ...all.slice(1 - MAX_REFERENCES)] : all;
  return { inReplyTo: messageId, references: bounded };
}

/** Absence notices and other machines do not answer what says this; and we never take it for a question. */
export const machineHeaders = (sessionId: string | null): Record<string, string> => ({
  "Auto-Submitted": "auto-replied",
  "X-Auto-Response-Suppress": "All",
  [OWN_HEADER]: sessionId ?? "notice",
});
