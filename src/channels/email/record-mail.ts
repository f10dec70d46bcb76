import { createHash } from "node:crypto";
import type { NewFile } from "../../messages/message-file-queries.ts";
import { insertEmailMessage, openThread, setLedgerMessage } from "./email-queries.ts";
import type { MailParts, TrustedMail } from "./handle-mail.ts";
import { bareSubject } from "./subject.ts";

const MAX_SUBJECT = 500;
const MAX_AUTHOR = 200;

/** The name the conversation shows: `Ada (ada@example.org)`. */
const authorOf = ({ from }: TrustedMail): string => {
  const name = from.name.replaceAll(/[\u0000-\u001f\u007f\s]+/g, " ").trim();
  const full = name === "" ? from.address : `${name} (${from.address})`;
  return full.length <= MAX_AUTHOR ? full : from.address.slice(0, MAX_AUTHOR);
};

/** The key of an effect of this mail. Ids of mails may be longer than names in the inbox. */
export const effectKey = (door: string, messageId: string) => ({
  door,
  externalId: messageId.length <= 450 ? messageId : createHash("sha256").update(messageId).digest("hex"),
});

interface Said {
  sessionId: string;
  content: string;
  files: readonly NewFile[];
}

/**
 * Writes the mail into its thread and its text into the session. The thread comes first: a run that ends at once must
 * find whom to answer. May be done again after a kill.
 */
export async function recordMail({ db, messages }: MailParts, mail: TrustedMail, said: Said): Promise<string> {
  const { sessionId, content, files } = said;
  const { answered, messageId, own } = mail;
  const subject = answered.subject.slice(0, MAX_SUBJECT).toWellFormed();
  const thread = { sessionId, participant: mail.from.address, subject: bareSubject(subject) };
  const threadId = await openThread(db, thread);
  await insertEmailMessage(db, {
    threadId,
    direction: "inbound",
    messageId,
    referenceIds: answered.references,
    subject,
    ledgerId: null,
    fullText: mail.mail.text,
  });
  const posted = await messages.post(
    sessionId,
    {
      content,
      direction: "inbound",
      source: "email",
      author: authorOf(mail),
      deliver: false,
      steer: false,
      metadata: { email: { messageId, from: mail.from.address, subject, quotesCut: own.cut } },
    },
    effectKey("email.message", messageId),
    files,
  );
  await setLedgerMessage(db, messageId, posted.messageId);
  return threadId;
}
