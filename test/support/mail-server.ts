import { generateKeyPairSync } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { authenticate } from "mailauth";
import { simpleParser, type ParsedMail } from "mailparser";
import { createTransport, type SendMailOptions, type Transporter } from "nodemailer";
import { startDovecot, type Dovecot } from "./dovecot.ts";
import { openSmtp, type Accepted, type SmtpAnswer } from "./smtp.ts";

export { requireDovecot } from "./dovecot.ts";
export type { SmtpAnswer } from "./smtp.ts";

/** The orchestrator's mailbox, and the people who write to it. */
export const BOT = "claude@orch.test";
export const ADA = "ada@people.test";
export const BOB = "bob@people.test";
/** Who the mail server is in its Authentication-Results. */
export const AUTHSERV_ID = "mx.orch.test";
const WAIT_MS = 45_000;
const SELECTOR = "test";

/** One mail as somebody's mail program holds it. */
export interface Mail extends ParsedMail {
  raw: Buffer;
}

export interface Person {
  address: string;
  /** Sends by the person's own server: signed by its domain. Returns the Message-ID. */
  send(mail: SendMailOptions): Promise<string>;
  /** What a mail program sends for "reply": to Reply-To, with In-Reply-To, References and the quoted text. */
  reply(to: Mail, text: string, more?: SendMailOptions): Promise<string>;
  inbox(): Promise<Mail[]>;
  /** The inbox, once it holds that many mails (that match). */
  waitFor(count: number, matches?: (mail: Mail) => boolean): Promise<Mail[]>;
}

export interface MailServer extends AsyncDisposable {
  dovecot: Dovecot;
  bot: string;
  ada: Person;
  bob: Person;
  smtp: { host: string; port: number; user: string; password: string };
  /** The server's variables for a mailbox here: IMAP, SMTP and who is trusted. */
  environment: Record<string, string>;
  /** All mails taken in, by whomever, in order. */
  accepted: readonly Accepted[];
  /** Sends as anybody pleases, unsigned: a forger. */
  forge(mail: SendMailOptions): Promise<string>;
  /** What the SMTP server does with each mail from now on; undefined takes all. `nth` counts mails from 1. */
  answerWith(answer: ((mail: { from: string; to: string[]; nth: number }) => SmtpAnswer) | undefined): void;
}

/** DNS of the two domains: what DKIM, SPF and DMARC ask. Only the people's domain signs and rejects forgeries. */
function resolverOf(publicKey: string) {
  const texts: Record<string, string> = {
    [`${SELECTOR}._domainkey.people.test`]: `v=DKIM1; k=rsa; p=${publicKey}`,
    "_dmarc.people.test": "v=DMARC1; p=reject",
    "people.test": "v=spf1 -all",
  };
  return async (name: string, type: string): Promise<string[][]> => {
    const text = type === "TXT" ? texts[name.toLowerCase()] : undefined;
    if (text === undefined) throw Object.assign(new Error(`no ${type} of ${name}`), { code: "ENOTFOUND" });
    return [[text]];
  };
}

/** A whole mail system on loopback: Dovecot's mailboxes, and an SMTP server that checks, stamps and delivers into them. */
export async function startMailServer(): Promise<MailServer> {
  await using parts = new AsyncDisposableStack();
  const dovecot = parts.use(await startDovecot());
  await Promise.all([BOT, ADA, BOB].map((address) => dovecot.addMailbox(address)));
  const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const publicKey = keys.publicKey.export({ type: "spki", format: "der" }).toString("base64");
  const privateKey = keys.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const resolver = resolverOf(publicKey);
  let answer: Parameters<MailServer["answerWith"]>[0];

  /** As a real one does: its verdict stands on top, over whatever the mail claims about itself. */
  async function stamp(raw: Buffer, { from, ip }: { from: string; ip: string }): Promise<Buffer> {
    const { headers } = await authenticate(raw, { ip, sender: from, helo: "test", mta: AUTHSERV_ID, resolver });
    return Buffer.concat([Buffer.from(`Return-Path: <${from}>\r\n${headers}`), raw]);
  }

  const smtp = parts.use(
    await openSmtp({
      user: BOT,
      password: dovecot.password,
      answer: (mail) => answer?.(mail) ?? { is: "accept" },
      async deliver({ from, to, raw, ip }) {
        const stamped = await stamp(raw, { from, ip });
        const boxes = to.map((address) => address.toLowerCase().replace(/\+[^@]*@/, "@"));
        for (const box of new Set(boxes)) if ([BOT, ADA, BOB].includes(box)) await dovecot.deliver(box, stamped);
      },
    }),
  );

  const outbound = { host: smtp.host, port: smtp.port, secure: false, ignoreTLS: true };
  const dkim = { domainName: "people.test", keySelector: SELECTOR, privateKey };
  const signing = createTransport({ ...outbound, dkim });
  const unsigned = createTransport(outbound);
  parts.defer(() => (signing.close(), unsigned.close()));

  const person = (address: string) => personOf(address, { dovecot, transport: signing });
  const kept = parts.move();
  return {
    dovecot,
    bot: BOT,
    ada: person(ADA),
    bob: person(BOB),
    smtp: { host: smtp.host, port: smtp.port, user: BOT, password: dovecot.password },
    environment: environmentOf({ dovecot, smtp }),
    accepted: smtp.accepted,
    forge: async (mail) => (await unsigned.sendMail({ to: BOT, ...mail })).messageId,
    answerWith: (next) => void (answer = next),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** What the server under test is told to read this mailbox and to send from it. */
const environmentOf = ({ dovecot, smtp }: { dovecot: Dovecot; smtp: { host: string; port: number } }) => ({
  IMAP_HOST: dovecot.host,
  IMAP_PORT: String(dovecot.port),
  IMAP_SECURE: "0",
  IMAP_USER: BOT,
  IMAP_PASSWORD: dovecot.password,
  SMTP_HOST: smtp.host,
  SMTP_PORT: String(smtp.port),
  SMTP_SECURE: "0",
  SMTP_USER: BOT,
  SMTP_PASSWORD: dovecot.password,
  EMAIL_FROM: `Claude <${BOT}>`,
  EMAIL_ALLOWED_SENDERS: "@people.test",
  EMAIL_AUTHSERV_ID: AUTHSERV_ID,
});

function personOf(address: string, { dovecot, transport }: { dovecot: Dovecot; transport: Transporter }): Person {
  const send: Person["send"] = async (mail) =>
    (await transport.sendMail({ from: address, to: BOT, ...mail })).messageId;
  const inbox: Person["inbox"] = async () =>
    Promise.all((await dovecot.mails(address)).map(async (raw) => ({ ...(await simpleParser(raw)), raw })));
  return {
    address,
    send,
    reply: (to, text, more = {}) => send({ ...replyTo(to, text), ...more }),
    inbox,
    async waitFor(count, matches = () => true) {
      for (const deadline = Date.now() + WAIT_MS; ; await sleep(50)) {
        const found = (await inbox()).filter(matches);
        if (found.length >= count) return found;
        if (Date.now() > deadline) {
          const seen = found.map(({ subject }) => subject).join(", ");
          throw new Error(`${address} has ${found.length} of ${count} mails: ${seen}`);
        }
      }
    },
  };
}

function replyTo(mail: Mail, text: string): SendMailOptions {
  const references = [mail.references ?? []].flat();
  const subject = mail.subject ?? "";
  const quoted = (mail.text ?? "").split("\n").map((line) => `> ${line}`);
  return {
    to: mail.replyTo?.text ?? mail.from?.text ?? BOT,
    subject: /^re:/i.test(subject) ? subject : `Re: ${subject}`,
    ...(mail.messageId === undefined ? {} : { inReplyTo: mail.messageId, references: [...references, mail.messageId] }),
    text: `${text}\n\nOn Sat, Nov 21, 2026 at 10:00 AM Claude <${BOT}> wrote:\n\n${quoted.join("\n")}\n`,
  };
}
