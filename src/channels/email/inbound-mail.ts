import type { KeyObject } from "node:crypto";
import { RefusedMail, SessionMail, type MailReceived } from "../../contract/email.ts";
import type { PageQuery } from "../../contract/page.ts";
import type { Database } from "../../db/database.ts";
import { encodeCursor, toPage } from "../../lib/cursor.ts";
import { AppError, invalidField } from "../../lib/errors.ts";
import type { receiveInto } from "../../messages/inbox-service.ts";
import { mailEntry, MailPayload, type ArrivedMail } from "./mail-entry.ts";
import { findRefusedMails, findSessionMails } from "./mail-list-queries.ts";
import { checkSendgrid, mailOf } from "./sendgrid.ts";

interface Parts {
  db: Database;
  receive: ReturnType<typeof receiveInto>;
  sendgridKey: KeyObject | undefined;
}

export type InboundMail = ReturnType<typeof createInboundMail>;

export interface SendgridRequest {
  body: Buffer;
  contentType: string;
  signature: string | undefined;
  timestamp: string | undefined;
}

/** Mails that are handed in over HTTP, and what can be seen of mails afterwards. */
export function createInboundMail({ db, receive, sendgridKey }: Parts) {
  async function keep(mail: ArrivedMail): Promise<MailReceived> {
    const entry = mailEntry(mail);
    const known = (await receive(entry)) === "known";
    return { status: known ? "known" : "received", messageId: entry.payload.messageId };
  }

  return {
    /** A raw mail and what the SMTP session said of it. */
    receive(mail: Omit<ArrivedMail, "via">): Promise<MailReceived> {
      if (mail.raw.length === 0) throw invalidField("body", "is required: a raw mail");
      return keep({ ...mail, via: "http" });
    },

    /** A request of SendGrid's Inbound Parse; only what it signed is looked at. */
    receiveSendgrid({ body, contentType, signature, timestamp }: SendgridRequest): Promise<MailReceived> {
      if (!sendgridKey)
        throw new AppError("not_found", "SENDGRID_PUBLIC_KEY is not set, so nothing is taken from SendGrid");
      checkSendgrid(sendgridKey, { body, signature, timestamp, now: new Date() });
      return keep(mailOf(body, contentType));
    },

    async listRefused(page: PageQuery) {
      const rows = await findRefusedMails(db, page);
      return toPage(rows, page.limit, {
        present: ({ payload, status, reason, receivedAt }): RefusedMail => {
          const { messageId, from, subject, size, via } = MailPayload.parse(payload);
          const state = RefusedMail.shape.status.parse(status);
          return {
            messageId,
            from,
            subject,
            size,
            via,
            status: state,
            reason: reason ?? "",
            receivedAt: receivedAt.toISOString(),
          };
        },
        cursor: ({ position }) => encodeCursor(position),
      });
    },

    async listOfSession(sessionId: string, page: PageQuery) {
      const rows = await findSessionMails(db, sessionId, page);
      return toPage(rows, page.limit, {
        present: ({ messageId, direction, participant, subject, ledgerId, fullText, createdAt }): SessionMail => ({
          messageId,
          direction: SessionMail.shape.direction.parse(direction),
          participant,
          subject,
          sessionMessageId: ledgerId,
          fullText,
          createdAt: createdAt.toISOString(),
        }),
        cursor: ({ position }) => encodeCursor(position),
      });
    },
  };
}
