import type { Database } from "../../db/database.ts";
import type { NoticeService } from "../../deliveries/notice-service.ts";
import { AppError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/logger.ts";
import type { InboxHandler } from "../../messages/inbox-service.ts";
import type { MessageService } from "../../messages/message-service.ts";
import type { SessionService } from "../../sessions/session-service.ts";
import { beginConversation } from "./begin-conversation.ts";
import { continueConversation } from "./continue-conversation.ts";
import { findEmailMessage } from "./email-queries.ts";
import type { EmailRepository } from "./email-repositories.ts";
import { judgeSender, type Judgement, type Trust } from "./judge-sender.ts";
import { isMadeUp, MailPayload } from "./mail-entry.ts";
import { messageIds, readHead, type MailHead } from "./mail-head.ts";
import { queueRefusal } from "./mail-notices.ts";
import type { Mail, MailAddress } from "./mail.ts";
import type { OwnText } from "./quotes.ts";
import { readMail } from "./read-mail.ts";
import { recognise } from "./recognise.ts";
import { refusalText, type Refusal } from "./refusal.ts";
import type { ReplyAddresses } from "./reply-address.ts";
import { tooMany } from "./too-many.ts";

export interface MailParts {
  db: Database;
  log: Logger;
  sessions: Pick<SessionService, "create">;
  messages: Pick<MessageService, "post">;
  outbox: NoticeService;
  addresses: ReplyAddresses;
  trust: Trust;
  repositories: readonly EmailRepository[];
}

/** A mail whose writer is known and may write. */
export interface TrustedMail {
  from: MailAddress;
  mail: Mail;
  own: OwnText;
  /** What is answered when it is answered. */
  answered: { to: string; subject: string; messageId: string | null; references: string[] };
  /** What it is known by, also when it came without an id. */
  messageId: string;
}

type Outcome = Awaited<ReturnType<InboxHandler>>;

const DONE: Outcome = { is: "done" };

/** What becomes of a mail of the inbox, top to bottom: read, judged, recognised, and then begun or continued. */
export function createMailHandler(parts: MailParts): InboxHandler {
  return async (entry, signal) => {
    const payload = MailPayload.parse(entry.payload);
    const raw = entry.content ?? Buffer.alloc(0);
    const head = readHead(raw);
    if (await isKnown(parts, payload.messageId)) return DONE;

    const read = await readOrRefuse(raw, { payload, head, signal });
    const judged = await judgeSender(parts.trust, {
      raw,
      head,
      from: read.mail.from,
      subject: read.mail.subject,
      via: payload.via,
      envelope: payload.envelope,
      headOnly: payload.headOnly,
    });
    if (judged.is === "refused")
      return refuseSender(
        parts,
        judged,
        answeredOf({ head, payload, to: judged.from ?? "", subject: read.mail.subject }),
      );

    const answered = answeredOf({ head, payload, to: judged.from.address, subject: read.mail.subject });
    const trusted: TrustedMail = {
      from: judged.from,
      mail: read.mail,
      own: read.own,
      answered,
      messageId: payload.messageId,
    };
    const refusal = read.refusal ?? (await take(parts, trusted, { head, payload }));
    if (!refusal) return DONE;
    if (refusal.kind !== "which_repository")
      await queueRefusal(parts.outbox, { answered, messageId: payload.messageId, refusal });
    return { is: "refused", reason: refusalText(refusal) };
  };
}

/** A mail that is a message already came again by another way. */
async function isKnown({ db }: MailParts, messageId: string): Promise<boolean> {
  const row = await findEmailMessage(db, messageId);
  return row !== undefined && (row.ledgerId !== null || row.direction === "outbound");
}

/** What can be read of it, and why it is refused whoever wrote it. */
async function readOrRefuse(
  raw: Buffer,
  { payload, head, signal }: { payload: MailPayload; head: MailHead; signal: AbortSignal },
): Promise<{ mail: Mail; own: OwnText; refusal?: Refusal }> {
  const tooLarge = payload.headOnly || payload.size > raw.length;
  if (!tooLarge && !head.tooLong)
    try {
      return await readMail(raw, signal);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return {
        ...headAlone(head, payload),
        refusal: { kind: "malformed", why: `The mail cannot be read: ${error.message}.` },
      };
    }
  const refusal: Refusal = tooLarge
    ? { kind: "too_large", why: `The mail has ${payload.size} bytes, more than can be taken in.` }
    : { kind: "malformed", why: "The mail has too many headers." };
  return { ...headAlone(head, payload), refusal };
}

function headAlone(head: MailHead, { from, subject }: MailPayload): { mail: Mail; own: OwnText } {
  const addresses = from.match(/[^\s<>,;:"()@]+@[^\s<>,;:"()@]+/g) ?? [];
  const authors =
    head.all("from").length === 1
      ? [...new Set(addresses)].map((address) => ({ address: address.toLowerCase(), name: "" }))
      : [];
  return { mail: { from: authors, subject, text: "", files: [] }, own: { text: "", cut: false } };
}

async function take(
  parts: MailParts,
  trusted: TrustedMail,
  { head, payload }: { head: MailHead; payload: MailPayload },
): Promise<Refusal | undefined> {
  const from = trusted.from.address;
  const recognised = await recognise(parts.db, parts.addresses, { head, envelopeTo: payload.envelope.to ?? [], from });
  if (recognised.is === "refused") return recognised.refusal;
  const sessionId = recognised.is === "reply" ? recognised.sessionId : undefined;
  const capped = await tooMany(parts.db, { from, sessionId, messageId: trusted.messageId });
  if (capped) return capped;
  try {
    return recognised.is === "reply"
      ? await continueConversation(parts, trusted, recognised.sessionId)
      : await beginConversation(parts, trusted, recognised.tags);
  } catch (error) {
    if (error instanceof AppError && WRITERS_FAULT.has(error.code))
      return { kind: "not_possible", why: `${error.message}.` };
    throw error;
  }
}

/** What will not be otherwise the next time; the rest is tried again. */
const WRITERS_FAULT = new Set(["invalid", "forbidden", "not_found", "conflict", "too_large"]);

async function refuseSender(
  { outbox }: MailParts,
  { refusal, mayAnswer, from }: Extract<Judgement, { is: "refused" }>,
  answered: TrustedMail["answered"],
): Promise<Outcome> {
  // A stranger hears once a day that he may not write here, whatever he sends.
  const day = new Date().toISOString().slice(0, 10);
  if (mayAnswer && from !== undefined)
    await queueRefusal(outbox, { answered, messageId: `stranger ${from} ${day}`, refusal });
  return { is: "refused", reason: refusalText(refusal) };
}

const answeredOf = ({
  head,
  payload,
  to,
  subject,
}: {
  head: MailHead;
  payload: MailPayload;
  to: string;
  subject: string;
}) => ({
  to,
  subject,
  messageId: isMadeUp(payload.messageId) ? null : payload.messageId,
  references: messageIds(head.get("references"), MAX_REFERENCES),
});
const MAX_REFERENCES = 50;
