import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { DNSResolver } from "mailauth";
import { expect } from "vitest";
import { insertEmailMessage, openThread, readReplySecret } from "../../src/channels/email/email-queries.ts";
import { createMailHandler } from "../../src/channels/email/handle-mail.ts";
import { createInboundMail } from "../../src/channels/email/inbound-mail.ts";
import { EMAIL_DOOR, mailEntry, type ArrivedMail } from "../../src/channels/email/mail-entry.ts";
import { createReplyAddresses } from "../../src/channels/email/reply-address.ts";
import { readConfig } from "../../src/config.ts";
import { openListener } from "../../src/db/notify.ts";
import { createNoticeService } from "../../src/deliveries/notice-service.ts";
import { createOutboundUrls } from "../../src/deliveries/outbound-url.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { openInbox, receiveInto } from "../../src/messages/inbox-service.ts";
import { createMessageService } from "../../src/messages/message-service.ts";
import { createSessionService } from "../../src/sessions/session-service.ts";
import { createWorkspaceService } from "../../src/workspaces/workspace-service.ts";
import { testEnvironment } from "./app.ts";
import { testDatabase } from "./database.ts";
import { temporaryFolder } from "./git.ts";

export const ADA = "ada@people.test";
const MAILS = "test/fixtures/mails";
/** Of the answer that the fixtures reply to. */
const ANSWER_ID = "<answer@orch.test>";

export type MailReceiving = Awaited<ReturnType<typeof startMailReceiving>>;

interface Settings {
  repositories?: { repository: string; words: string[] }[];
  authservId?: string | undefined;
  resolver?: DNSResolver;
}

const unheard = () => Promise.resolve();

async function openDoor(parts: AsyncDisposableStack, { repositories, ...settings }: Settings) {
  const folder = parts.use(await temporaryFolder());
  const { db, connectionString } = parts.use(await testDatabase());
  const config = readConfig(testEnvironment(folder.path, { DATABASE_URL: connectionString }));
  const log = createLogger("silent");
  const listener = parts.use(await openListener(connectionString, log));
  const outboundUrls = createOutboundUrls(config.outbound);
  const addresses = createReplyAddresses({ address: "claude@orch.test", secret: await readReplySecret(db) });
  const sessions = createSessionService({
    db,
    nudge: unheard,
    outboundUrls,
    workerId: "worker",
    workspaces: createWorkspaceService({ db, config: config.workspaces, log }),
    allowBypass: false,
    configDir: () => folder.path,
  });
  await db.insertInto("workers").values({ id: "worker", hostname: "here", pid: 1, version: "1", slots: 1 }).execute();
  const handler = createMailHandler({
    db,
    log,
    addresses,
    sessions,
    messages: createMessageService({ db, nudge: unheard, outboundUrls }),
    outbox: createNoticeService({ db }),
    repositories: repositories ?? REPOSITORIES,
    trust: { allowedSenders: ["@people.test"], authservId: "mx.orch.test", ...settings },
  });
  parts.use(
    await openInbox({ db, listener, log, handlers: { [EMAIL_DOOR]: handler }, pace: { baseMs: 20, capMs: 50 } }),
  );
  return { db, handler, addresses, sessions };
}

/** The mail door with real services and no worker: what it makes stays where it put it. */
export async function startMailReceiving(settings: Settings = {}) {
  await using parts = new AsyncDisposableStack();
  const { db, handler, addresses, sessions } = await openDoor(parts, settings);
  const receive = receiveInto(db);
  const kept = parts.move();

  const settled = (externalId: string) => async () => {
    const row = await db
      .selectFrom("inbox")
      .select(["status", "reason"])
      .where("externalId", "=", externalId)
      .executeTakeFirstOrThrow();
    return row.status === "received" || row.status === "handling" ? undefined : row;
  };

  return {
    db,
    handler,
    addresses,
    inbound: createInboundMail({ db, receive, sendgridKey: undefined }),
    /** Takes a mail in as the mailbox does; what became of it. */
    async take(mail: Omit<ArrivedMail, "via"> & { via?: ArrivedMail["via"] }) {
      const entry = mailEntry({ via: "imap", ...mail });
      await receive(entry);
      await expect.poll(settled(entry.externalId), { timeout: 60_000 }).toBeDefined();
      return { ...(await settled(entry.externalId)()), messageId: entry.payload.messageId };
    },
    /** A session that was begun by mail and answered: what the replies among the fixtures reply to. */
    async answered() {
      const session = await sessions.create({
        projectType: "github",
        githubRepo: "acme/web",
        title: "Fix the login test",
        tags: [],
        metadata: {},
        source: "email",
      });
      const { sessionId } = session;
      const threadId = await openThread(db, { sessionId, participant: ADA, subject: "Fix the login test" });
      const mail = {
        threadId,
        messageId: ANSWER_ID,
        referenceIds: [],
        subject: "Re: Fix the login test",
        ledgerId: null,
      };
      await insertEmailMessage(db, { ...mail, direction: "outbound" });
      return sessionId;
    },
    /** A mail of the fixtures, as a reply to this session. */
    async fixture(name: string, sessionId?: string): Promise<Buffer> {
      const text = await readFile(join(MAILS, `${name}.eml`), "latin1");
      const replyTo = sessionId === undefined ? "claude@orch.test" : addresses.of(sessionId);
      return Buffer.from(
        text.replaceAll("{{REPLY_TO}}", replyTo).replaceAll("{{ANSWER_ID}}", ANSWER_ID).replaceAll("\n", "\r\n"),
        "latin1",
      );
    },
    sessionsMade: () => db.selectFrom("sessions").selectAll().orderBy("createdAt").execute(),
    messagesOf: (sessionId: string) =>
      db.selectFrom("sessionMessages").selectAll().where("sessionId", "=", sessionId).orderBy("position").execute(),
    notices: () => db.selectFrom("deliveries").select(["body", "address", "threadKey"]).orderBy("createdAt").execute(),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

const REPOSITORIES = [
  { repository: "acme/web", words: ["website", "web"] },
  { repository: "acme/api", words: ["schnittstelle", "search endpoint"] },
];
