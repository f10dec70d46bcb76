import { createTransport } from "nodemailer";
import { afterAll, assert, beforeAll, beforeEach, expect, test } from "vitest";
import { ADA, BOT, requireDovecot, startMailServer, type MailServer } from "../support/mail-server.ts";

const here = requireDovecot();
let mail: MailServer;
beforeAll(async () => {
  if (here) mail = await startMailServer();
});
beforeEach(() => mail.answerWith(undefined));
afterAll(() => mail?.[Symbol.asyncDispose]());

const asBot = () => {
  const { host, port, user, password } = mail.smtp;
  return createTransport({ host, port, ignoreTLS: true, auth: { user, pass: password } });
};

test("a mail of a person arrives with our server's own verdict on top, a forged one with the opposite", async () => {
  await mail.ada.send({ subject: "real", text: "It is me" });
  const claim = { "Authentication-Results": "mx.orch.test; dmarc=pass header.from=people.test" };
  await mail.forge({ from: ADA, subject: "forged", text: "It is not", headers: claim });
  const [real, forged] = (await mail.dovecot.mails(BOT)).map((raw) => raw.toString());
  expect(real).toMatch(/^Return-Path: <ada@people.test>\r\n[^]*?Authentication-Results: mx.orch.test;[^]*?dmarc=pass/);
  expect(forged?.slice(0, forged.indexOf("Subject:"))).toMatch(/dmarc=fail/);
});

test("a mail to a plus-address arrives, and its answer is a reply in the same thread", async () => {
  const bot = asBot();
  await bot.sendMail({ from: BOT, replyTo: "claude+tag@orch.test", to: ADA, subject: "Question", text: "What now?" });
  const [asked] = await mail.ada.waitFor(1);
  assert(asked);
  await mail.ada.reply(asked, "Go on");
  const raw = (await mail.dovecot.mails(BOT)).at(-1)?.toString();
  expect(raw).toMatch(/To: claude\+tag@orch\.test/);
  expect(raw).toContain(`In-Reply-To: ${asked.messageId}`);
  expect(raw).toContain("> What now?");
  bot.close();
});

test("it refuses, loses the connection before and after it took a mail, as it is told", async () => {
  const bot = asBot();
  const one = { from: BOT, to: ADA, subject: "x", text: "x" };
  const count = () => mail.accepted.filter(({ user }) => user === BOT).length;
  const before = count();
  mail.answerWith(() => ({ is: "refuse", code: 550, text: "No such user", at: "recipient" }));
  await expect(bot.sendMail(one)).rejects.toMatchObject({ responseCode: 550 });
  mail.answerWith(() => ({ is: "refuse", code: 451, text: "Later", at: "data" }));
  await expect(bot.sendMail(one)).rejects.toMatchObject({ responseCode: 451 });
  mail.answerWith(() => ({ is: "drop" }));
  await expect(bot.sendMail(one)).rejects.toThrow(/closed|ECONNRESET|socket/);
  expect(count()).toBe(before);
  mail.answerWith(() => ({ is: "deliver and drop" }));
  await expect(bot.sendMail(one)).rejects.toThrow(/closed|ECONNRESET|socket/);
  expect(count()).toBe(before + 1);
  const { host, port, user } = mail.smtp;
  const wrong = createTransport({ host, port, ignoreTLS: true, auth: { user, pass: "wrong" } });
  await expect(wrong.sendMail(one)).rejects.toMatchObject({ responseCode: 535 });
  bot.close();
});
