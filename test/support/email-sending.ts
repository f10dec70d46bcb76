import { simpleParser } from "mailparser";
import { expect } from "vitest";
import { createEmailChannel } from "../../src/channels/email/email-channel.ts";
import { readReplySecret } from "../../src/channels/email/email-queries.ts";
import { createReplyAddresses } from "../../src/channels/email/reply-address.ts";
import { createSmtp } from "../../src/channels/email/smtp.ts";
import type { OutgoingFiles } from "../../src/deliveries/channel.ts";
import { createNoticeService } from "../../src/deliveries/notice-service.ts";
import { queueToThreads, setConnectedChannels } from "../../src/deliveries/thread-queries.ts";
import { insertMessage } from "../../src/messages/message-queries.ts";
import { lockSession } from "../../src/sessions/session-queries.ts";
import { testDatabase } from "./database.ts";
import { findDeliveryRows, insertSession, startSending, untilAll } from "./outbox.ts";
import { openSmtp, type SmtpAnswer } from "./smtp.ts";

export const BOT = "claude@orch.test";
export const ADA = "ada@people.test";
const PASSWORD = "a password of tests";

/** How one mail session stands in the ledger: Ada wrote, and her mail is the message that the next run carries out. */
export interface MailSession {
  sessionId: string;
  threadId: string;
}

interface Options {
  password?: string;
  acknowledge?: boolean;
  maxPerHour?: number;
  files?: Omit<OutgoingFiles, "text">;
}

const takeAll: (mail: { nth: number }) => SmtpAnswer = () => ({ is: "accept" });

/** The sending side alone: ledger, outbox, channel and a real SMTP server. */
export async function startEmailSending(options: Options = {}) {
  await using parts = new AsyncDisposableStack();
  const database = parts.use(await testDatabase());
  const { db } = database;
  let answer = takeAll;
  const server = parts.use(
    await openSmtp({ user: BOT, password: PASSWORD, answer: (mail) => answer(mail), deliver: () => Promise.resolve() }),
  );
  const login = { user: BOT, password: options.password ?? PASSWORD };
  const replies = createReplyAddresses({ address: BOT, secret: await readReplySecret(db) });
  const channel = createEmailChannel({
    db,
    smtp: createSmtp({ host: server.host, port: server.port, secure: false, ...login }),
    from: { name: "Claude", address: BOT },
    replies,
    acknowledge: options.acknowledge ?? true,
    maxPerHour: options.maxPerHour ?? 20,
  });
  await setConnectedChannels(db, ["email"]);
  const readFiles = (_: string, text: string) =>
    Promise.resolve({ text, ...(options.files ?? { files: [], refused: [] }) });
  const start = () => startSending(database, { channels: [channel], readFiles });
  let sending = await start();
  parts.defer(() => sending.disposeAsync());
  const kept = parts.move();

  return {
    db,
    replies,
    accepted: server.accepted,
    outbox: createNoticeService({ db }),
    answerWith: (next: typeof answer) => void (answer = next),
    /** As a server that was stopped and another that takes over. */
    async restart(): Promise<void> {
      await sending.disposeAsync();
      sending = await start();
    },
    /** What arrived, read as a mail program does. */
    mails: () => Promise.all(server.accepted.map(({ raw }) => simpleParser(raw))),
    settled: () => untilAll(db, ["delivered", "failed"]),
    rows: () => findDeliveryRows(db),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

export type EmailSending = Awaited<ReturnType<typeof startEmailSending>>;

export async function beginByMail({ db }: EmailSending, subject = "Broken build"): Promise<MailSession> {
  const sessionId = await insertSession(db);
  const { id: threadId } = await db
    .insertInto("emailThreads")
    .values({ sessionId, participant: ADA, subject })
    .returning("id")
    .executeTakeFirstOrThrow();
  return { sessionId, threadId };
}

interface Asked {
  source?: string;
  author?: string;
  question?: string;
  /** The Message-ID and References of the mail it came by; without it, it came by another door. */
  mail?: { messageId: string; references?: string[]; subject?: string };
}

/** A question, and the end of the run that carried it out, written as the ledger writes it. */
export function answerTo(
  { db }: EmailSending,
  { sessionId, threadId }: MailSession,
  { answer, asked = {} }: { answer: string | null; asked?: Asked },
): Promise<void> {
  const { source = "email", author = ADA, question = "Why?", mail } = asked;
  return db.transaction().execute(async (tx) => {
    const session = (await lockSession(tx, sessionId)) ?? expect.fail("no session");
    const number = session.runCount + 1;
    const inbound = await insertMessage(tx, { sessionId, direction: "inbound", source, author, content: question });
    if (mail)
      await tx
        .insertInto("emailMessages")
        .values({
          threadId,
          direction: "inbound",
          messageId: mail.messageId,
          referenceIds: mail.references ?? [],
          subject: mail.subject ?? "Broken build",
          ledgerId: inbound.id,
        })
        .execute();
    const end =
      answer === null
        ? { status: "failed", reason: "timeout", error: "It took too long." }
        : { status: "succeeded", reason: "success" };
    const { id: runId } = await tx
      .insertInto("runs")
      .values({ sessionId, messageId: inbound.id, number, finishedAt: new Date(), ...end })
      .returning("id")
      .executeTakeFirstOrThrow();
    await tx.updateTable("sessions").set({ runCount: number }).where("id", "=", sessionId).execute();
    const said = await insertMessage(tx, {
      sessionId,
      runId,
      direction: "outbound",
      source: "claude",
      content: answer ?? "",
    });
    await queueToThreads(tx, { sessionId, runId, messageId: said.id, topic: "run.finished" });
  });
}
