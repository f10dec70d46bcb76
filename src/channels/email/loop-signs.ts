import type { MailHead } from "./mail-head.ts";
import { OWN_HEADER } from "./own-header.ts";

/** Programs that answer by themselves and forget to say so in a header. */
const AUTOMATIC_SUBJECT =
  /^\s*(?:automatic reply|auto(?:matic)?[- ]?reply|autoreply|out of office(?: autoreply)?|abwesenheitsnotiz|automatische antwort|réponse automatique|respuesta automática|risposta automatica|resposta automática|automatisch antwoord|автоответ|自动回复|自動返信|undeliverable|undelivered mail|delivery status notification|mail delivery failed|unzustellbar)\s*[:：(]/iu;
const MACHINE_NAME = /^(?:mailer-daemon|postmaster|mail-daemon|no-?reply|do-?not-?reply|bounces?)(?:[+-].*)?$/i;

/**
 * Why a mail must never be answered, nor start anything: a machine wrote it. Undefined when a person did. Two of us
 * would otherwise write to each other for ever.
 */
export function loopSign(head: MailHead, { from, subject }: { from: string; subject: string }): string | undefined {
  return (
    headerSign(head) ??
    bounceSign(head, from) ??
    (AUTOMATIC_SUBJECT.test(subject) ? "its subject is that of an automatic answer" : undefined)
  );
}

function headerSign(head: MailHead): string | undefined {
  const has = (...names: string[]) => names.some((name) => head.get(name) !== undefined);
  const submitted = head.get("auto-submitted");
  if (submitted !== undefined && !/^no\b/i.test(submitted))
    return `it is an automatic mail (Auto-Submitted: ${submitted.slice(0, 40)})`;
  if (has(OWN_HEADER.toLowerCase())) return "it is one of our own mails";
  const precedence = head.get("precedence")?.toLowerCase();
  if (precedence !== undefined && /^(?:bulk|list|junk|auto_reply)\b/.test(precedence))
    return `it is a mail to many (Precedence: ${precedence.slice(0, 20)})`;
  if (has("list-id", "list-post", "mailing-list")) return "it comes from a mailing list";
  return has("x-autoreply", "x-autorespond", "x-auto-response", "x-mail-autoreply")
    ? "it is an automatic answer"
    : undefined;
}

function bounceSign(head: MailHead, from: string): string | undefined {
  // Our own server writes Return-Path on delivery, above everything that was sent.
  if (/^<\s*>/.test(head.get("return-path") ?? "")) return "it has no return path, as bounces have none";
  const type = head.get("content-type") ?? "";
  if (/^multipart\/report\b/i.test(type)) return "it is a report about another mail";
  return MACHINE_NAME.test(from.split("@", 1)[0] ?? "") ? "it comes from a machine's address" : undefined;
}
