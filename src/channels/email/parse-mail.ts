import { simpleParser, type AddressObject, type Attachment, type EmailAddress, type ParsedMail } from "mailparser";
import { MAIL_LIMITS, type Mail, type MailAddress, type MailFile } from "./mail.ts";
import { visibleHtml } from "./visible-html.ts";

/** Seals of the mail itself, of no use to anybody who reads it. */
const SEALS = new Set(["application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"]);
const OPTIONS = {
  skipHtmlToText: true,
  skipTextToHtml: true,
  skipImageLinks: true,
  skipTextLinks: true,
  maxHtmlLengthToParse: MAIL_LIMITS.htmlCharacters,
};

/** Parses a raw mail. Takes as long as the mail makes it: read-mail.ts sets it a time. Throws TypeError for what no person sends. */
export async function parseMail(raw: Buffer): Promise<Mail> {
  checkStructure(raw);
  const parsed = await simpleParser(raw, OPTIONS);
  return {
    from: addressesOf(parsed.from),
    subject: (parsed.subject ?? "")
      .replaceAll(/[\u0000-\u001f\u007f\s]+/g, " ")
      .trim()
      .slice(0, 1_000)
      .toWellFormed(),
    text: await textOf(parsed),
    files: filesOf(parsed.attachments),
  };
}

/** Counts what could nest before anything is built from it. */
function checkStructure(raw: Buffer): void {
  if (raw.length > MAIL_LIMITS.bytes) throw new TypeError(`The mail is larger than ${MAIL_LIMITS.bytes} bytes`);
  const text = raw.toString("latin1");
  if (countUpTo(text, /^content-type:/gim, MAIL_LIMITS.parts) > MAIL_LIMITS.parts)
    throw new TypeError(`The mail has more than ${MAIL_LIMITS.parts} parts`);
  if (countUpTo(text, /\bboundary\s*=/gi, MAIL_LIMITS.boundaries) > MAIL_LIMITS.boundaries)
    throw new TypeError(`The mail nests more than ${MAIL_LIMITS.boundaries} multiparts`);
}

function countUpTo(text: string, pattern: RegExp, max: number): number {
  let count = 0;
  for (const _ of text.matchAll(pattern)) if ((count += 1) > max) break;
  return count;
}

const membersOf = (value: EmailAddress): EmailAddress[] => value.group ?? [value];

/** Several From headers make a list, and one may hold a group of people. */
function addressesOf(from: AddressObject | AddressObject[] | undefined): MailAddress[] {
  return [from ?? []]
    .flat()
    .flatMap(({ value }) => value.flatMap(membersOf))
    .map(({ address, name }) => ({ address: (address ?? "").trim().toLowerCase(), name: name.slice(0, 200) }));
}

async function textOf({ text, html }: ParsedMail): Promise<string> {
  const plain = text ?? "";
  // Some programs send an empty plain text beside the HTML.
  const said = plain.trim() === "" && typeof html === "string" && html !== "" ? await textOfHtml(html) : plain;
  return said
    .replaceAll("\r\n", "\n")
    .replaceAll(/[\u0000\u200B\uFEFF]/g, "")
    .slice(0, MAIL_LIMITS.textCharacters)
    .toWellFormed();
}

/** By the parser's own way, in which the cells of a table would stick together. */
async function textOfHtml(html: string): Promise<string> {
  const apart = visibleHtml(html.slice(0, MAIL_LIMITS.htmlCharacters))
    .replaceAll(/<\/t[dh]\s*>/gi, "&emsp;$&")
    .replaceAll(/<\/tr\s*>/gi, "<br>$&");
  const body = Buffer.from(apart).toString("base64");
  const mail = `Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n${body}`;
  const { text = "" } = await simpleParser(mail, { ...OPTIONS, skipHtmlToText: false });
  return text.replaceAll(/\u2003+[ \t]*$/gm, "").replaceAll("\u2003", "\t");
}

/** What was attached comes before what is shown in the text: the limits of a message hit the logos first. */
function filesOf(attachments: readonly Attachment[]): MailFile[] {
  const files = attachments
    .filter(({ contentType }) => !SEALS.has(contentType))
    .map((file, index) => ({
      name: nameOf(file, index),
      mediaType: file.contentType.slice(0, 200),
      content: file.content,
      inline: file.related,
    }));
  return [...files.filter(({ inline }) => !inline), ...files.filter(({ inline }) => inline)].slice(
    0,
    MAIL_LIMITS.files,
  );
}

function nameOf({ filename, contentType }: Attachment, index: number): string {
  const name = (filename ?? "").replaceAll(/[\u0000-\u001f\u007f]/g, "").trim();
  if (name !== "") return name.slice(0, 200).toWellFormed();
  if (contentType === "message/rfc822") return `mail-${index + 1}.eml`;
  const ending = /^[a-z]+\/([a-z0-9]{1,10})$/.exec(contentType)?.[1] ?? "bin";
  return `file-${index + 1}.${ending}`;
}
