import { createHash } from "node:crypto";
import { z } from "zod";
import type { Envelope } from "./authenticity.ts";
import type { Via } from "./judge-sender.ts";
import { decodeWords, messageIds, readHead, type MailHead } from "./mail-head.ts";
import { MAIL_LIMITS } from "./mail.ts";
import { conversationKey } from "./recognise.ts";

/** The name of this door in the inbox. */
export const EMAIL_DOOR = "email";

/** What the inbox keeps beside the raw mail: how it came, and enough of it for a list of what was refused. */
export const MailPayload = z.object({
  via: z.enum(["imap", "http", "sendgrid"]),
  messageId: z.string(),
  from: z.string(),
  subject: z.string(),
  /** Bytes of the whole mail, also where only its head was fetched. */
  size: z.int(),
  headOnly: z.boolean(),
  envelope: z.object({
    from: z.string().optional(),
    to: z.array(z.string()).optional(),
    ip: z.string().optional(),
    helo: z.string().optional(),
  }),
});
export type MailPayload = z.infer<typeof MailPayload>;

export interface ArrivedMail {
  raw: Buffer;
  via: Via;
  envelope?: Envelope;
  /** Of the whole mail when `raw` is only its head. */
  size?: number;
}

/**
 * The inbox entry of a mail. Its name is its Message-ID and what it says: the same mail again, by whatever way, is
 * known, and nobody can keep a mail away by sending another one under its id before.
 */
export function mailEntry({ raw, via, envelope = {}, size }: ArrivedMail) {
  const head = readHead(raw);
  const messageId = idOf(head, raw);
  const headOnly = size !== undefined && size > raw.length;
  const payload: MailPayload = {
    via,
    messageId,
    from: decodeWords(head.get("from") ?? ""),
    subject: decodeWords(head.get("subject") ?? ""),
    size: size ?? raw.length,
    headOnly,
    envelope,
  };
  return {
    door: EMAIL_DOOR,
    externalId: `${messageId.slice(0, 400)} ${digest(head, raw)}`,
    threadKey: conversationKey(head, messageId),
    payload,
    content: raw.length > MAIL_LIMITS.bytes ? raw.subarray(0, head.bodyAt) : raw,
  };
}

/** The Message-ID, or a name made of the whole mail when it has none. */
function idOf(head: MailHead, raw: Buffer): string {
  const [own] = messageIds(head.get("message-id"));
  return own ?? `<${createHash("sha256").update(raw).digest("hex")}@no-message-id.invalid>`;
}

/** Whether a name was made by us, and no mail program knows it. */
export const isMadeUp = (messageId: string): boolean => messageId.endsWith("@no-message-id.invalid>");

/** Of what its writer wrote; what servers put above it differs from way to way. */
function digest(head: MailHead, raw: Buffer): string {
  const hash = createHash("sha256");
  for (const name of ["from", "date", "subject"]) hash.update(`${head.get(name) ?? ""}\n`);
  return hash.update(raw.subarray(head.bodyAt)).digest("hex").slice(0, 24);
}
