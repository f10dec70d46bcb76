import type { DNSResolver } from "mailauth";
import type { EmailConfig } from "../../config-email.ts";
import type { Database } from "../../db/database.ts";
import { holdAlone } from "../../db/hold-alone.ts";
import type { NoticeService } from "../../deliveries/notice-service.ts";
import type { Logger } from "../../lib/logger.ts";
import type { receiveInto } from "../../messages/inbox-service.ts";
import type { MessageService } from "../../messages/message-service.ts";
import type { SessionService } from "../../sessions/session-service.ts";
import { createEmailChannel } from "./email-channel.ts";
import { readReplySecret } from "./email-queries.ts";
import { createEmailRoutes } from "./email-routes.ts";
import { createMailHandler } from "./handle-mail.ts";
import { createInboundMail } from "./inbound-mail.ts";
import { EMAIL_DOOR } from "./mail-entry.ts";
import { createReplyAddresses } from "./reply-address.ts";
import { readSendgridKey } from "./sendgrid.ts";
import { createSmtp } from "./smtp.ts";
import { watchMailbox } from "./watch-mailbox.ts";

export interface EmailParts {
  config: EmailConfig;
  db: Database;
  log: Logger;
  /** Who this process is, for the table of those who hold something alone. */
  holder: string;
  sessions: Pick<SessionService, "create">;
  messages: Pick<MessageService, "post">;
  outbox: NoticeService;
  receive: ReturnType<typeof receiveInto>;
  /** Who asks DNS for keys; the machine's own when absent. */
  resolver?: DNSResolver;
}

/** Mail: a mailbox that is read, mails that are handed in, what becomes of them, and the answers. */
export async function openEmail({ config, db, log, holder, receive, resolver, ...services }: EmailParts) {
  const { address, allowedSenders, authservId, repositories, imap, sendgridKey: sendgrid } = config.receiving;
  const addresses = createReplyAddresses({ address, secret: await readReplySecret(db) });
  if (allowedSenders.length === 0) log.warn("EMAIL_ALLOWED_SENDERS is empty: no mail can start anything");
  const handler = createMailHandler({
    ...services,
    db,
    log,
    addresses,
    repositories,
    trust: { allowedSenders, authservId, resolver },
  });
  const sendgridKey = sendgrid === undefined ? undefined : readSendgridKey(sendgrid);
  const routes = createEmailRoutes({ inbound: createInboundMail({ db, receive, sendgridKey }) });
  const mailbox =
    imap &&
    holdAlone({
      db,
      log,
      name: `mailbox ${imap.host} ${imap.user ?? ""} ${imap.mailbox}`.slice(0, 100),
      holder,
      work: (signal) => watchMailbox({ db, log, receive, settings: imap }, signal),
    });

  const { from, acknowledge, maxPerHour } = config;
  const smtp = createSmtp(config.smtp);

  return {
    channel: createEmailChannel({ db, smtp, from, replies: addresses, acknowledge, maxPerHour }),
    handlers: { [EMAIL_DOOR]: handler },
    openRouters: [routes.openRouter],
    /** For callers; they take bodies that are not JSON. */
    rawRouters: [routes.rawRouter],
    routers: [routes.router],
    async [Symbol.asyncDispose]() {
      await mailbox?.[Symbol.asyncDispose]();
    },
  };
}
