import { z } from "zod";

/** An empty variable counts as unset. */
const Text = z
  .string()
  .optional()
  .transform((text) => (text === "" ? undefined : text));

const flag = (preset: "0" | "1") =>
  z
    .enum(["0", "1", "false", "true", ""])
    .default(preset)
    .transform((text) => (text === "" ? preset === "1" : text === "1" || text === "true"));

/** `name@host` or `A name <name@host>`, on one line. */
const MAILBOX = /^(?:([^<>\r\n]*)<([^\s<>@]+@[^\s<>@]+)>|([^\s<>@]+@[^\s<>@]+))$/;
const Mailbox = z
  .string()
  .trim()
  .regex(MAILBOX, "must be an address such as Claude <claude@example.org>")
  .transform((text) => {
    const [, name = "", named, bare = ""] = MAILBOX.exec(text) ?? [];
    return { name: name.trim().replace(/^"(.*)"$/, "$1"), address: named ?? bare };
  });

/** What sending mail reads from the environment. */
export const smtpEnvironment = {
  SMTP_HOST: Text,
  SMTP_PORT: z.coerce.number().int().min(1).max(65_535).default(465),
  SMTP_SECURE: Text.pipe(z.enum(["0", "1", "false", "true"]).optional()),
  SMTP_USER: Text,
  SMTP_PASSWORD: Text,
  EMAIL_FROM: Text.pipe(Mailbox.optional()),
  EMAIL_ACKNOWLEDGE: flag("1"),
  EMAIL_MAX_PER_HOUR: z.coerce.number().int().min(1).max(1000).default(20),
};

const SmtpEnvironment = z.object(smtpEnvironment);

/** How mail is sent; undefined without a server and an address to send from. */
export function smtpConfig(e: z.output<typeof SmtpEnvironment>) {
  const from = e.EMAIL_FROM ?? Mailbox.safeParse(e.SMTP_USER ?? "").data;
  if (e.SMTP_HOST === undefined || from === undefined) return undefined;
  const secure = e.SMTP_SECURE === undefined ? e.SMTP_PORT === 465 : ["1", "true"].includes(e.SMTP_SECURE);
  return {
    from,
    smtp: { host: e.SMTP_HOST, port: e.SMTP_PORT, secure, user: e.SMTP_USER, password: e.SMTP_PASSWORD },
    /** A first mail says that work has begun. */
    acknowledge: e.EMAIL_ACKNOWLEDGE,
    /** Mails to one thread: what ends a loop that nothing else noticed. */
    maxPerHour: e.EMAIL_MAX_PER_HOUR,
  } as const;
}
