import type { MailParts, TrustedMail } from "./handle-mail.ts";
import { judgeFiles } from "./judge-files.ts";
import { queueFileVerdicts } from "./mail-notices.ts";
import { recordMail } from "./record-mail.ts";
import type { Refusal } from "./refusal.ts";

/** A reply is the session's next message: what its writer wrote, without our own words that it quotes. */
export async function continueConversation(
  parts: MailParts,
  mail: TrustedMail,
  sessionId: string,
): Promise<Refusal | undefined> {
  const { answered, messageId, own } = mail;
  const { taken, verdicts } = judgeFiles(mail.mail.files);
  const content = own.text === "" && taken.length > 0 ? "(The mail has no text, only files.)" : own.text;
  if (content === "") return { kind: "no_text", why: "The reply has no text of its own." };
  const threadId = await recordMail(parts, mail, { sessionId, content, files: taken });
  await queueFileVerdicts(parts.outbox, { answered, messageId, threadId, sessionId, files: verdicts });
  return undefined;
}
