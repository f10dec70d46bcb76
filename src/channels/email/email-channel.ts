import MailComposer from "nodemailer/lib/mail-composer/index.js";
import type { Database } from "../../db/database.ts";
import type { Channel, Outcome, Outgoing } from "../../deliveries/channel.ts";
import { composeLetter, type Composed } from "./compose-letter.ts";
import { countRecentMails, insertEmailMessage } from "./email-queries.ts";
import { fitFiles } from "./fit-files.ts";
import { machineHeaders, messageIdOf, replySubject, threadHeaders } from "./mail-headers.ts";
import { renderMail } from "./render-mail.ts";
import type { ReplyAddresses } from "./reply-address.ts";
import { wasSent } from "./sent-mail-queries.ts";
import type { SmtpResult } from "./smtp-result.ts";
import type { Smtp } from "./smtp.ts";

interface Parts {
  db: Database;
  smtp: Smtp;
  from: { name: string; address: string };
  replies: Pick<ReplyAddresses, "of">;
  acknowledge: boolean;
  /** Mails to one thread in an hour. */
  maxPerHour: number;
}

const HOUR_MINUTES = 60;
const CAPPED_RETRY_MS = 10 * 60_000;
const WHOLE_ANSWER = "answer.md";

/**
 * Answers by mail, in the thread of whoever wrote. SMTP cannot be asked whether a mail arrived; each attempt at a
 * delivery has the same Message-ID, so that mail programs show one that came twice once.
 */
export function createEmailChannel(parts: Parts): Channel {
  const { db, from } = parts;
  const idOf = ({ deliveryId }: Outgoing) => messageIdOf(deliveryId, from.address);
  return {
    kind: "email",

    async send(outgoing, signal): Promise<Outcome> {
      const composition = await composeLetter(parts, outgoing);
      if (composition.is === "silent") return { is: "delivered", response: composition.why };
      if (composition.is === "impossible") return { is: "refused", error: composition.why };
      const { mail } = composition;
      const capped = await overCap(parts, mail);
      if (capped) return capped;
      const result = await transmit(parts, { mail, messageId: idOf(outgoing) }, signal);
      if (result.is === "taken") await keep(db, { mail, messageId: idOf(outgoing) });
      return outcomeOf(result);
    },

    /** What we know ourselves: a mail is kept as soon as the server has taken it. */
    ask: async (outgoing) => ((await wasSent(db, idOf(outgoing))) ? "sent" : "not_sent"),
  };
}

/** A thread that was told so much already is a loop or about to be one: answers wait, notices are dropped. */
async function overCap({ db, maxPerHour }: Parts, { thread, isNotice }: Composed): Promise<Outcome | undefined> {
  if (!thread) return undefined;
  const sent = await countRecentMails(db, { threadId: thread.id, direction: "outbound", minutes: HOUR_MINUTES });
  if (sent < maxPerHour) return undefined;
  const error = `${sent} mails went into this thread within an hour; EMAIL_MAX_PER_HOUR is ${maxPerHour}`;
  return isNotice ? { is: "refused", error } : { is: "not_now", error, retryAfterMs: CAPPED_RETRY_MS };
}

interface Identified {
  mail: Composed;
  messageId: string;
}

/** Sends it; what is too large for the server goes once more without its files, so that the answer itself arrives. */
async function transmit(parts: Parts, identified: Identified, signal: AbortSignal): Promise<SmtpResult> {
  const { smtp, from } = parts;
  const { mail } = identified;
  const envelope = { from: from.address, to: mail.to };
  const first = await smtp.send({ ...envelope, raw: await build(parts, identified) }, signal);
  if (first.is !== "too_large" || mail.files.length === 0) return first;
  const why = "larger than the mail server takes";
  const notes = mail.files.map(({ name }) => `Not attached: ${name} is ${why}; it is in the workspace.`);
  const bare = { ...mail, files: [], letter: { ...mail.letter, notes: [...mail.letter.notes, ...notes] } };
  return smtp.send({ ...envelope, raw: await build(parts, { ...identified, mail: bare }) }, signal);
}

function build({ from, replies }: Parts, { mail, messageId }: Identified): Promise<Buffer> {
  const { to, thread, answered, letter } = mail;
  const { files, notes } = fitFiles(mail.files);
  const { text, html, cut } = renderMail({ ...letter, notes: [...letter.notes, ...notes] }, WHOLE_ANSWER);
  const whole = {
    name: WHOLE_ANSWER,
    mediaType: "text/markdown; charset=utf-8",
    content: Buffer.from(letter.markdown),
  };
  const composer = new MailComposer({
    from,
    to,
    ...(thread ? { replyTo: { name: from.name, address: replies.of(thread.sessionId) } } : {}),
    subject: replySubject(answered),
    messageId,
    ...threadHeaders(answered),
    headers: machineHeaders(thread?.sessionId ?? null),
    text,
    html,
    attachments: [...(cut ? [whole] : []), ...files].map(({ name, mediaType, content }) => ({
      filename: name,
      contentType: mediaType,
      content,
    })),
    // Nothing in a mail names a file or an address to be read.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return composer.compile().build();
}

async function keep(db: Database, { mail, messageId }: Identified): Promise<void> {
  const { thread, answered, ledgerId } = mail;
  if (!thread) return;
  await insertEmailMessage(db, {
    threadId: thread.id,
    direction: "outbound",
    messageId,
    referenceIds: threadHeaders(answered).references ?? [],
    subject: replySubject(answered),
    ledgerId,
  });
}

function outcomeOf(result: SmtpResult): Outcome {
  switch (result.is) {
    case "taken":
      return { is: "delivered", status: 250, response: result.text };
    case "unknown":
      return { is: "unknown", error: result.text };
    case "later":
      return { is: "not_now", status: result.code, error: result.text };
    case "refused":
    case "too_large":
      return { is: "refused", status: result.code, error: result.text };
  }
}
