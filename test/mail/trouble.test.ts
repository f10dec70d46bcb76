import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { makeRepository, temporaryFolder } from "../support/git.ts";
import { holding, only, script, startMailApp, until, type MailApp } from "../support/mail-app.ts";
import { ADA, BOT, requireDovecot, startMailServer } from "../support/mail-server.ts";
import { apiOf, openServerPlace } from "../support/server-process.ts";

const here = requireDovecot();
let house: MailApp;
beforeAll(async () => {
  if (here) house = await startMailApp();
});
afterEach(() => house.mail.answerWith(undefined));
afterAll(() => house?.[Symbol.asyncDispose]());

test("a mail that comes five times, also across a restart, makes one run and one answer", async () => {
  const { app, mail } = house;
  await mail.ada.send({ subject: "Five times", text: script({ text: "Once." }) });
  const stamped = await until(
    async () => {
      const all = [...(await mail.dovecot.mails(BOT)), ...(await mail.dovecot.mails(BOT, "Processed"))];
      return all.find((one) => one.includes("Subject: Five times"));
    },
    () => "the mail did not arrive",
  );
  const again = () => mail.dovecot.deliver(BOT, stamped);
  await again();
  await again();
  await mail.ada.waitFor(1, holding("Once."));
  await again();
  await app.restart();
  await again();
  const handled = async () => (await mail.dovecot.mails(BOT)).length === 0 || undefined;
  await until(handled, () => "mails stay in the inbox");
  await mail.ada.send({ subject: "After them", text: script({ text: "The last." }) });
  await mail.ada.waitFor(1, holding("The last."));
  const { sessionId } = await house.session("Five times");
  expect(await app.runs(sessionId)).toHaveLength(1);
  expect((await mail.ada.inbox()).filter(holding("Once."))).toHaveLength(1);
  expect((await mail.ada.inbox()).filter(({ subject }) => subject === "Re: Five times")).toHaveLength(2);
});

test("IMAP connections that are cut, and a mail server that is killed, lose nothing", async () => {
  const { mail } = house;
  await expect.poll(() => mail.dovecot.kick(BOT), { timeout: 30_000 }).toBe(true);
  await mail.ada.send({ subject: "After the kick", text: script({ text: "Kicked." }) });
  await mail.ada.waitFor(1, holding("Kicked."));
  await mail.dovecot.kill();
  await mail.ada.send({ subject: "While it is down", text: script({ text: "Back again." }) });
  await mail.dovecot.start();
  await mail.ada.waitFor(1, holding("Back again."));
});

test("an SMTP server that is busy, and one that drops the connection, delay an answer and do not double it", async () => {
  const { mail } = house;
  const before = mail.accepted.length;
  let tried = 0;
  mail.answerWith(({ from }) => {
    if (from !== BOT) return { is: "accept" };
    tried += 1;
    return tried < 3
      ? { is: "refuse", code: 451, text: "Greylisted" }
      : tried === 3
        ? { is: "drop" }
        : { is: "accept" };
  });
  await mail.ada.send({ subject: "Busy", text: script({ text: "In the end." }) });
  await mail.ada.waitFor(1, holding("In the end."));
  const sent = mail.accepted.slice(before).filter(({ user }) => user === BOT);
  expect(tried).toBeGreaterThan(3);
  expect(sent.map(({ to }) => only(to))).toEqual([ADA, ADA]);
});

test("a server that is killed in the middle of a run answers after its restart, once", async () => {
  await using mail = await startMailServer();
  await using folder = await temporaryFolder();
  const repository = await makeRepository(join(folder.path, "project"));
  await using place = await openServerPlace();
  const values = { ...mail.environment, EMAIL_REPOS: repository };
  const marker = join(folder.path, "begun");
  const text = script({ bash: `touch ${marker}; sleep 5` }, { text: "Survived." });
  {
    await using server = await place.start(values);
    await mail.ada.send({ subject: "Kill me", text });
    await until(
      async () => (await mail.ada.inbox()).some(holding("Claude works on this")) || undefined,
      () => `not acknowledged:\n${server.log()}`,
    );
    await until(
      async () => place.model.requests.some(({ step }) => step === 0) || undefined,
      () => `Claude was not asked:\n${server.log()}`,
    );
    server.signal("SIGKILL");
    await server.exited();
  }
  await using server = await place.start(values);
  await mail.ada.waitFor(1, holding("Survived."));
  const [run] = await apiOf(server).runs(await onlySession(server.url));
  expect(run?.status).toBe("succeeded");
  const texts = (await mail.ada.inbox()).map((one) => one.text ?? "");
  expect(texts.filter((one) => one.includes("Survived."))).toHaveLength(1);
  expect(texts.filter((one) => one.includes("Claude works on this"))).toHaveLength(1);
});

async function onlySession(url: string): Promise<string> {
  const response = await fetch(`${url}/api/sessions`);
  const { items } = (await response.json()) as { items: { sessionId: string }[] };
  return only(items).sessionId;
}
