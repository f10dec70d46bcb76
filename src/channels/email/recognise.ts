import type { Database } from "../../db/database.ts";
import { findSessionByPrefix, findSessionOfMails, findThreads } from "./email-queries.ts";
import { messageIds, type MailHead } from "./mail-head.ts";
import type { Refusal } from "./refusal.ts";
import type { ReplyAddresses } from "./reply-address.ts";

/** Where our address may stand: what the writer put, and what our server says about whom it delivered to. */
const RECIPIENT_HEADERS = ["to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "resent-to"];
const MAX_RECIPIENTS = 500;

export type Recognised =
  | { is: "reply"; sessionId: string }
  /** It begins something; the tags of our address may name a repository. */
  | { is: "new"; tags: string[] }
  | { is: "refused"; refusal: Refusal };

interface Asking {
  head: MailHead;
  /** From the SMTP session, where it is known. */
  envelopeTo: readonly string[];
  /** Who wrote it, proven. */
  from: string;
}

const refused = (kind: Refusal["kind"], why: string): Recognised => ({ is: "refused", refusal: { kind, why } });

/**
 * Whose conversation a mail belongs to: the signed tag of our address first, which survives every mail program, then
 * the mail it answers. With a tag somebody handed the conversation on; without one only who is in it may go on with it.
 */
export async function recognise(db: Database, addresses: ReplyAddresses, asking: Asking): Promise<Recognised> {
  const { head, envelopeTo, from } = asking;
  const tags = addresses.tagsOf([...envelopeTo, ...recipientsOf(head)]);
  for (const tag of tags) {
    if (tag.is !== "session") continue;
    const sessionId = await findSessionByPrefix(db, tag.prefix);
    return sessionId === undefined
      ? refused("not_possible", "The session of this address is no longer here.")
      : { is: "reply", sessionId };
  }
  if (tags.some(({ is }) => is === "forged"))
    return refused("forged_tag", "The address names a session, but is not one that we gave out.");
  const sessionId = await findSessionOfMails(db, answeredIds(head));
  if (sessionId === undefined) return { is: "new", tags: tags.flatMap((tag) => (tag.is === "other" ? [tag.tag] : [])) };
  const threads = await findThreads(db, sessionId);
  if (threads.some(({ participant }) => participant === from)) return { is: "reply", sessionId };
  return refused("not_a_participant", "The mail answers a conversation that its writer is not part of.");
}

/** What it answers, the nearest first. */
const answeredIds = (head: MailHead): string[] => [
  ...new Set([...messageIds(head.get("in-reply-to")), ...messageIds(head.get("references")).toReversed()]),
];

function recipientsOf(head: MailHead): string[] {
  const values = RECIPIENT_HEADERS.flatMap((name) => head.all(name));
  return values
    .flatMap((value) => value.match(/[^\s<>,;:"()@]{1,200}@[^\s<>,;:"()@]{1,255}/g) ?? [])
    .slice(0, MAX_RECIPIENTS);
}

/**
 * What mails of one conversation have in common as far as their heads tell: those with the same key are handled in the
 * order in which they came.
 */
export function conversationKey(head: MailHead, ownId: string): string {
  const [root] = messageIds(head.get("references"));
  const [answered] = messageIds(head.get("in-reply-to"));
  return (root ?? answered ?? ownId).slice(0, 490);
}
