import { afterAll, assert, beforeAll, expect, test } from "vitest";
import { openMailboxConnection } from "../../src/channels/email/mailbox-connection.ts";
import { requireDovecot, startDovecot, type Dovecot } from "../support/dovecot.ts";
import { BOT } from "../support/mail-server.ts";

const here = requireDovecot();
let dovecot: Dovecot;
beforeAll(async () => {
  if (!here) return;
  dovecot = await startDovecot();
  await dovecot.addMailbox(BOT);
});
afterAll(() => dovecot?.[Symbol.asyncDispose]());

const settings = () => ({
  host: dovecot.host,
  port: dovecot.port,
  secure: false,
  user: BOT,
  password: dovecot.password,
  mailbox: "INBOX",
  processed: "Processed",
  rejected: "Rejected",
});
const deliver = (subject: string) =>
  dovecot.deliver(BOT, Buffer.from(`From: ada@people.test\r\nSubject: ${subject}\r\n\r\nA word.\r\n`));

test("a mail that the server tells of with the answer to another command is not waited for", async () => {
  await deliver("first");
  using connection = await openMailboxConnection(settings(), new AbortController().signal);
  const [first] = await connection.list();
  assert(first !== undefined);
  await deliver("second");
  // With one of these answers the server says that there are two now, and in IDLE it does not say so again.
  await connection.move([first], "Processed");
  const began = performance.now();
  await connection.idle(60_000);
  expect(performance.now() - began).toBeLessThan(20_000);
  expect(await connection.list()).toHaveLength(1);
});

test("a mail that comes while nothing is asked ends the waiting, and so does the time", async () => {
  using connection = await openMailboxConnection(settings(), new AbortController().signal);
  const before = (await connection.list()).length;
  await connection.idle(200);
  const waiting = connection.idle(60_000);
  await deliver("third");
  await waiting;
  expect(await connection.list()).toHaveLength(before + 1);
});
