import { z } from "zod";
import { smtpConfig } from "./config-smtp.ts";

/** An empty variable counts as unset. */
const Text = z
  .string()
  .optional()
  .transform((text) => (text === "" ? undefined : text));

const items = (text: string | undefined): string[] =>
  (text ?? "")
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");

const Address = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[^\s<>@,]+@[^\s<>@,]+$/, "must be a mail address");

/** `ada@example.org`, or `@example.org` for everybody there. */
const Senders = z
  .string()
  .optional()
  .transform((text) => items(text).map((item) => item.toLowerCase()))
  .pipe(z.array(z.string().regex(/^[^\s<>@]*@[^\s<>@*]+$/, "must be addresses, or domains such as @example.org")));

/** Looks like a repository or a folder; whether it may be worked in is decided when a session begins. */
const REPOSITORY = /^(?:[\w.-]+\/[\w.-]+|(?:https?|ssh|file):\/\/\S+|\/\S*|[\w.-]+@[\w.-]+:\S+)$/;

/** `owner/repo=word|other word|@team.example.org, …`; the words may be left out. */
const Repositories = z
  .string()
  .optional()
  .transform((text, context) =>
    items(text).map((item) => {
      const at = item.indexOf("=");
      const repository = (at < 0 ? item : item.slice(0, at)).trim();
      if (!REPOSITORY.test(repository))
        context.addIssue({ code: "custom", message: `must be a list such as owner/repo=word|word; ${item} is not` });
      const words = at < 0 ? [] : item.slice(at + 1).split("|");
      return { repository, words: words.map((word) => word.trim().toLowerCase()).filter((word) => word !== "") };
    }),
  );

/** What receiving mail reads from the environment. */
export const emailEnvironment = {
  EMAIL_ADDRESS: Text.pipe(Address.optional()),
  EMAIL_ALLOWED_SENDERS: Senders,
  EMAIL_AUTHSERV_ID: Text.pipe(
    z
      .string()
      .trim()
      .max(255)
      .regex(/^[^\s;"]+$/, "must be a host name")
      .optional(),
  ),
  EMAIL_REPOS: Repositories,
  SENDGRID_PUBLIC_KEY: Text,
  IMAP_HOST: Text,
  IMAP_PORT: z.coerce.number().int().min(1).max(65_535).default(993),
  IMAP_SECURE: Text.pipe(z.enum(["0", "1", "false", "true"]).optional()),
  IMAP_USER: Text,
  IMAP_PASSWORD: Text,
  IMAP_MAILBOX: z.string().min(1).max(200).default("INBOX"),
  IMAP_PROCESSED: z.string().min(1).max(200).default("Processed"),
  IMAP_REJECTED: z.string().min(1).max(200).default("Rejected"),
};

const EmailEnvironment = z.object(emailEnvironment);

/** How mail is sent and received; undefined without a server to send by and an address to send from. */
export function emailConfig(e: z.output<typeof EmailEnvironment> & Parameters<typeof smtpConfig>[0]) {
  const sending = smtpConfig(e);
  return (
    sending && {
      ...sending,
      receiving: {
        /** Where mails come to: what we send as, unless another address is given. */
        address: e.EMAIL_ADDRESS ?? sending.from.address.toLowerCase(),
        allowedSenders: e.EMAIL_ALLOWED_SENDERS,
        /** Our own mail server's name in Authentication-Results; without it we check signatures ourselves. */
        authservId: e.EMAIL_AUTHSERV_ID,
        repositories: e.EMAIL_REPOS,
        /** Base64, as SendGrid shows it; without it nothing is taken from there. */
        sendgridKey: e.SENDGRID_PUBLIC_KEY,
        imap:
          e.IMAP_HOST === undefined
            ? undefined
            : {
                host: e.IMAP_HOST,
                port: e.IMAP_PORT,
                secure: e.IMAP_SECURE === undefined ? e.IMAP_PORT === 993 : ["1", "true"].includes(e.IMAP_SECURE),
                user: e.IMAP_USER,
                password: e.IMAP_PASSWORD,
                mailbox: e.IMAP_MAILBOX,
                processed: e.IMAP_PROCESSED,
                rejected: e.IMAP_REJECTED,
              },
      },
    }
  );
}

export type EmailConfig = NonNullable<ReturnType<typeof emailConfig>>;
