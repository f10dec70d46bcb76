import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { ADA, answerTo, beginByMail, startEmailSending, type EmailSending } from "../support/email-sending.ts";

const firstMail = { messageId: "<first@people.test>" };

async function oneAnswer(mail: EmailSending) {
  const session = await beginByMail(mail);
  await answerTo(mail, session, { answer: "Done.", asked: { mail: firstMail } });
  return session;
}

test("a connection lost after the server took the mail: it is sent again under the same Message-ID", async () => {
  await using mail = await startEmailSending();
  mail.answerWith(({ nth }) => (nth === 1 ? { is: "deliver and drop" } : { is: "accept" }));
  await oneAnswer(mail);
  expect(await mail.settled()).toMatchObject([{ status: "delivered", attempts: 2 }]);
  const ids = (await mail.mails()).map(({ messageId }) => messageId);
  expect(ids).toHaveLength(2);
  expect(new Set(ids).size).toBe(1);
});

test("a mail that we know to be sent is not sent again by the process that takes over", async () => {
  await using mail = await startEmailSending();
  await oneAnswer(mail);
  await mail.settled();
  // As a process leaves it that was killed between the server's answer and its own note.
  await mail.db
    .updateTable("deliveries")
    .set({
      status: "sending",
      inDoubt: true,
      deliveredAt: null,
      claim: randomUUID(),
      claimUntil: new Date(Date.now() - 1_000),
    })
    .execute();
  await mail.restart();
  expect(await mail.settled()).toMatchObject([{ status: "delivered", attempts: 2 }]);
  expect(mail.accepted).toHaveLength(1);
});

test("an address that does not exist is given up at once, a server that is busy is tried again", async () => {
  await using mail = await startEmailSending();
  mail.answerWith(() => ({ is: "refuse", code: 550, text: "No such user", at: "recipient" }));
  await oneAnswer(mail);
  expect(await mail.settled()).toMatchObject([
    { status: "failed", attempts: 1, lastStatus: 550, lastError: expect.stringContaining("No such user") },
  ]);
  mail.answerWith(({ nth }) => (nth < 4 ? { is: "refuse", code: 451, text: "Greylisted" } : { is: "accept" }));
  const session = await beginByMail(mail, "Another");
  await answerTo(mail, session, { answer: "Done.", asked: { mail: { messageId: "<second@people.test>" } } });
  expect((await mail.settled())[1]).toMatchObject({ status: "delivered", inDoubt: false });
  expect(mail.accepted).toHaveLength(1);
});

test("a wrong password gives nothing up, and stands nowhere", async () => {
  const password = "not the password, but a secret";
  await using mail = await startEmailSending({ password });
  await oneAnswer(mail);
  await expect.poll(async () => (await mail.rows())[0]?.lastError).toMatch(/login was refused/);
  const [row] = await mail.rows();
  expect(row?.status).not.toBe("failed");
  expect(JSON.stringify(row)).not.toContain(password);
  expect(JSON.stringify(row)).not.toContain(Buffer.from(password).toString("base64"));
});

test("a thread gets so many mails an hour: answers above that wait, notices are dropped", async () => {
  await using mail = await startEmailSending({ maxPerHour: 2 });
  const session = await oneAnswer(mail);
  await answerTo(mail, session, { answer: "Two." });
  await mail.settled();
  await answerTo(mail, session, { answer: "Three." });
  await expect.poll(async () => (await mail.rows()).at(-1)?.lastError).toMatch(/EMAIL_MAX_PER_HOUR is 2/);
  expect(await mail.rows()).toMatchObject([{ status: "delivered" }, { status: "delivered" }, { status: "pending" }]);
  await mail.db
    .updateTable("emailMessages")
    .set({ createdAt: new Date(Date.now() - 3_700_000) })
    .execute();
  await mail.db.updateTable("deliveries").set({ nextAt: new Date() }).where("status", "=", "pending").execute();
  await mail.restart();
  await mail.settled();
  expect((await mail.mails()).at(-1)?.text).toContain("Three.");
});

const notice = (body: object) => ({
  mail: { to: ADA, subject: "Hello", messageId: "<m@people.test>", references: [] },
  ...body,
});

test("notices: work has begun, why nothing began, which repositories there are", async () => {
  await using mail = await startEmailSending();
  const { sessionId, threadId } = await beginByMail(mail);
  const files = [{ name: "huge.zip", size: 1, verdict: "too_large", why: "it is larger than 20 MiB" }];
  const begun = { notice: "acknowledgement", sessionId, title: "Hello", repository: "o/r", files };
  const inThread = { sessionId, kind: "email", address: threadId, threadKey: `email:${threadId}` };
  await mail.outbox.notice({ key: "1", ...inThread, body: notice(begun) });
  const toAda = { sessionId: null, kind: "email", address: ADA, threadKey: `email:${ADA}` };
  const reason = "You <b>may</b> not.";
  await mail.outbox.notice({
    key: "2",
    ...toAda,
    body: notice({ notice: "refused", kind: "sender_not_allowed", reason }),
  });
  const choices = [{ repository: "o/r", address: "claude+o.r@orch.test", tag: "[o/r]" }];
  await mail.outbox.notice({ key: "3", ...toAda, body: notice({ notice: "which-repository", reason, choices }) });
  await mail.outbox.notice({ key: "3", ...toAda, body: notice({ notice: "which-repository", reason, choices }) });
  expect((await mail.settled()).map(({ status }) => status)).toEqual(["delivered", "delivered", "delivered"]);
  const sent = (await mail.mails()).toSorted((a, b) => (a.text ?? "").localeCompare(b.text ?? ""));
  expect(sent.map(({ subject, inReplyTo }) => ({ subject, inReplyTo }))).toEqual(
    Array.from({ length: 3 }, () => ({ subject: "Re: Hello", inReplyTo: "<m@people.test>" })),
  );
  const working = sent.find(({ text }) => text?.includes("Claude works on this in `o/r`"));
  expect(working?.text).toContain("Not taken: huge.zip (it is larger than 20 MiB).");
  expect(working?.replyTo?.value[0]?.address).toBe(mail.replies.of(sessionId));
  const others = sent.filter((one) => one !== working);
  expect(others.map(({ replyTo }) => replyTo)).toEqual([undefined, undefined]);
  expect(others.every(({ html }) => typeof html === "string" && html.includes("You &lt;b&gt;may&lt;/b&gt; not."))).toBe(
    true,
  );
  expect(others.some(({ html }) => typeof html === "string" && html.includes("claude+o.r@orch.test"))).toBe(true);
});

test("acknowledgements can be switched off", async () => {
  await using mail = await startEmailSending({ acknowledge: false });
  const { sessionId, threadId } = await beginByMail(mail);
  const body = notice({ notice: "acknowledgement", sessionId, title: "Hello", repository: "o/r", files: [] });
  await mail.outbox.notice({
    key: "1",
    sessionId,
    kind: "email",
    address: threadId,
    threadKey: `email:${threadId}`,
    body,
  });
  expect(await mail.settled()).toMatchObject([{ status: "delivered" }]);
  expect(mail.accepted).toEqual([]);
});
