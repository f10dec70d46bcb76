import { afterAll, assert, beforeAll, expect, test } from "vitest";
import { watchMailbox } from "../../src/channels/email/watch-mailbox.ts";
import { holdAlone } from "../../src/db/hold-alone.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { receiveInto } from "../../src/messages/inbox-service.ts";
import { testDatabase, type TestDatabase } from "../support/database.ts";
import { BOT, requireDovecot, startMailServer, type MailServer } from "../support/mail-server.ts";

const here = requireDovecot();
const WAIT = { timeout: 60_000 };
let mail: MailServer;
let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
  if (here) mail = await startMailServer();
});
afterAll(async () => {
  await mail?.[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const log = createLogger("silent");

/** What a server process does with the mailbox; `owners` hears who reads it. */
function openProcess(name: string, owners: string[]) {
  const { db } = database;
  const { host, port, password } = mail.dovecot;
  const settings = {
    host,
    port,
    secure: false,
    user: BOT,
    password,
    mailbox: "INBOX",
    processed: "Processed",
    rejected: "Rejected",
  };
  return holdAlone({
    db,
    log,
    name: "mailbox",
    holder: name,
    work: (signal) => {
      owners.push(name);
      return watchMailbox({ db, log, receive: receiveInto(db), settings }, signal);
    },
  });
}

const inbox = () => database.db.selectFrom("inbox").select(["externalId", "status"]).execute();
const settleAll = (status: string) =>
  database.db.updateTable("inbox").set({ status, handledAt: new Date() }).where("status", "=", "received").execute();

test("of two processes one reads the mailbox; the other goes on when it ends, and no mail is taken twice or lost", async () => {
  const owners: string[] = [];
  const first = openProcess("first", owners);
  await expect.poll(() => owners, WAIT).toEqual(["first"]);
  await using others = new AsyncDisposableStack();
  others.use(openProcess("second", owners));
  await mail.ada.send({ subject: "one", text: "one" });
  await expect.poll(async () => (await inbox()).length, WAIT).toBe(1);
  expect(await mail.dovecot.mails(BOT, "Processed")).toEqual([]);

  await mail.dovecot.kick(BOT);
  await mail.ada.send({ subject: "two", text: "two" });
  await expect.poll(async () => (await inbox()).length, WAIT).toBe(2);
  await settleAll("done");
  await expect.poll(async () => (await mail.dovecot.mails(BOT, "Processed")).length, WAIT).toBe(2);

  await first[Symbol.asyncDispose]();
  await mail.ada.send({ subject: "three", text: "three" });
  await expect.poll(async () => (await inbox()).length, WAIT).toBe(3);
  await settleAll("refused");
  await expect.poll(async () => (await mail.dovecot.mails(BOT, "Rejected")).length, WAIT).toBe(1);
  expect(await mail.dovecot.mails(BOT)).toEqual([]);
  expect(owners).toEqual(["first", "second"]);
  await expect.poll(() => database.db.selectFrom("emailSeen").selectAll().execute(), WAIT).toEqual([]);
}, 180_000);

test("a mail that was copied back into the mailbox after it was handled is moved again and not taken again", async () => {
  const owners: string[] = [];
  await using processes = new AsyncDisposableStack();
  processes.use(openProcess("third", owners));
  const [handled] = await mail.dovecot.mails(BOT, "Processed");
  assert(handled);
  const before = (await inbox()).length;
  await mail.dovecot.deliver(BOT, handled);
  await expect.poll(async () => (await mail.dovecot.mails(BOT, "Processed")).length, WAIT).toBe(3);
  expect(await inbox()).toHaveLength(before);
}, 120_000);
