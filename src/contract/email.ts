import { z } from "zod";
import { Page } from "./page.ts";

/** What became of a mail that was handed in: it is kept, and judged afterwards. */
export const MailReceived = z
  .object({
    status: z
      .enum(["received", "known"])
      .meta({ description: "known: the same mail was handed in before; nothing more happens." }),
    messageId: z.string().meta({ description: "The mail's Message-ID, or a name made for one without." }),
  })
  .meta({ id: "MailReceived" });
export type MailReceived = z.infer<typeof MailReceived>;

/** A mail that started nothing, with the reason. */
export const RefusedMail = z
  .object({
    messageId: z.string(),
    from: z.string().meta({ description: "As the mail says it; nothing need prove it." }),
    subject: z.string(),
    size: z.int().meta({ description: "Bytes of the mail." }),
    via: z.enum(["imap", "http", "sendgrid"]),
    status: z.enum(["refused", "failed"]).meta({ description: "failed: it could not be handled, several times." }),
    reason: z.string().meta({ example: "not_authenticated: DMARC says fail." }),
    receivedAt: z.iso.datetime(),
  })
  .meta({ id: "RefusedMail" });
export type RefusedMail = z.infer<typeof RefusedMail>;

export const RefusedMailPage = Page(RefusedMail).meta({ id: "RefusedMailPage" });

/** A mail of a session's threads, with all of its text. */
export const SessionMail = z
  .object({
    messageId: z.string(),
    direction: z.enum(["inbound", "outbound"]),
    participant: z.string().meta({ description: "With whom: the address alone." }),
    subject: z.string(),
    sessionMessageId: z.uuid().nullable().meta({ description: "The message of the session that it is." }),
    fullText: z
      .string()
      .nullable()
      .meta({ description: "Of an inbound mail: its text with the quotes that Claude did not get." }),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: "SessionMail" });
export type SessionMail = z.infer<typeof SessionMail>;

export const SessionMailPage = Page(SessionMail).meta({ id: "SessionMailPage" });
