import { assert, expect, test } from "vitest";
import { REPLY_MARKER } from "../../src/channels/email/reply-marker.ts";
import { ADA, answerTo, beginByMail, BOT, startEmailSending } from "../support/email-sending.ts";

const file = (name: string, content: Buffer) => ({ name, mediaType: "text/plain", size: content.length, content });
const firstMail = { messageId: "<first@people.test>", references: ["<before@people.test>"] };

test("an answer is one mail in the thread of the question, with everything that keeps machines from answering it", async () => {
  await using mail = await startEmailSending();
  const session = await beginByMail(mail);
  await answerTo(mail, session, { answer: "The **test** was wrong.", asked: { mail: firstMail } });
  const [row] = await mail.settled();
  const [sent, ...more] = await mail.mails();
  assert(row && sent);
  expect(more).toEqual([]);
  expect(row).toMatchObject({ status: "delivered", attempts: 1, lastStatus: 250 });
  expect(mail.accepted[0]).toMatchObject({ from: BOT, to: [ADA], user: BOT });
  expect(sent).toMatchObject({
    subject: "Re: Broken build",
    messageId: `<${row.id}@orch.test>`,
    inReplyTo: "<first@people.test>",
    references: ["<before@people.test>", "<first@people.test>"],
    replyTo: { value: [{ address: mail.replies.of(session.sessionId), name: "Claude" }] },
  });
  expect(sent.headers.get("auto-submitted")).toBe("auto-replied");
  expect(sent.headers.get("x-auto-response-suppress")).toBe("All");
  expect(sent.headers.get("x-claude-orchestrator")).toBe(session.sessionId);
  expect(sent.text?.startsWith(`${REPLY_MARKER}\n\nThe **test** was wrong.`)).toBe(true);
  expect(sent.text).toContain(`http://127.0.0.1:3001/sessions/${session.sessionId}`);
  expect(sent.html).toContain("The <strong>test</strong> was wrong.");
  const kept = await mail.db.selectFrom("emailMessages").selectAll().where("direction", "=", "outbound").execute();
  expect(kept).toMatchObject([{ messageId: sent.messageId, threadId: session.threadId, ledgerId: row.messageId }]);
});

test("a question from another door stands above the answer, which hangs on the last mail of the thread", async () => {
  await using mail = await startEmailSending();
  const session = await beginByMail(mail);
  await answerTo(mail, session, { answer: "First.", asked: { mail: firstMail } });
  await mail.settled();
  const asked = { source: "slack", author: "Bob", question: "And on\nWindows?" };
  await answerTo(mail, session, { answer: "There too.", asked });
  await mail.settled();
  const [first, second] = await mail.mails();
  expect(first?.text).not.toContain("asked");
  expect(second?.text).toContain("Bob asked in Slack: And on Windows?\n\nThere too.");
  expect(second).toMatchObject({ inReplyTo: first?.messageId, subject: "Re: Broken build" });
  expect(second?.references).toEqual(["<before@people.test>", "<first@people.test>", first?.messageId]);
});

test("NO_REPLY sends nothing and is done; a failed run says why", async () => {
  await using mail = await startEmailSending();
  const session = await beginByMail(mail);
  await answerTo(mail, session, { answer: " NO_REPLY\n", asked: { mail: firstMail } });
  expect(await mail.settled()).toMatchObject([{ status: "delivered" }]);
  expect(mail.accepted).toEqual([]);
  await answerTo(mail, session, { answer: null });
  await mail.settled();
  expect((await mail.mails()).map(({ text }) => text)).toEqual([
    expect.stringContaining("**The run failed.** It took too long."),
  ]);
});

test("a thread that was muted while an answer waited gets none", async () => {
  await using mail = await startEmailSending();
  mail.answerWith(() => ({ is: "refuse", code: 451, text: "Later" }));
  const session = await beginByMail(mail);
  await answerTo(mail, session, { answer: "Too late.", asked: { mail: firstMail } });
  await mail.db.updateTable("emailThreads").set({ muted: true }).execute();
  mail.answerWith(() => ({ is: "accept" }));
  expect(await mail.settled()).toMatchObject([{ status: "delivered", response: "The thread is muted" }]);
  expect(mail.accepted).toEqual([]);
});

test("files of the answer come along; what does not fit or was refused is named", async () => {
  const large = Buffer.alloc(18 * 1024 ** 2);
  const files = {
    files: [file("Ünïcode.txt", Buffer.from("content")), file("large.bin", large)],
    refused: [{ path: "../secret", why: "lies outside of the workspace" }],
  };
  await using mail = await startEmailSending({ files });
  const session = await beginByMail(mail);
  await answerTo(mail, session, { answer: "Here.", asked: { mail: firstMail } });
  await mail.settled();
  const [sent] = await mail.mails();
  expect(sent?.attachments.map(({ filename, content }) => [filename, content.toString()])).toEqual([
    ["Ünïcode.txt", "content"],
  ]);
  expect(sent?.text).toContain("Not attached: large.bin (18.0 MiB) is too large for a mail");
  expect(sent?.text).toContain("Not attached: ../secret lies outside of the workspace.");
});

test("what a server finds too large goes without its files; a long answer comes whole as a file", async () => {
  const content = Buffer.from("x");
  const files = { files: [{ name: "a.txt", mediaType: "text/plain", size: 1, content }], refused: [] };
  await using mail = await startEmailSending({ files });
  mail.answerWith(({ nth }) => (nth === 1 ? { is: "refuse", code: 552, text: "5.3.4 Too big" } : { is: "accept" }));
  const session = await beginByMail(mail);
  await answerTo(mail, session, { answer: "Here.", asked: { mail: firstMail } });
  expect(await mail.settled()).toMatchObject([{ status: "delivered", attempts: 1 }]);
  const [bare] = await mail.mails();
  expect(bare?.attachments).toEqual([]);
  expect(bare?.text).toContain("Not attached: a.txt is larger than the mail server takes");

  const long = "A paragraph of an answer without end.\n\n".repeat(1_500);
  await answerTo(mail, session, { answer: long });
  await mail.settled();
  const whole = (await mail.mails())[1]?.attachments.find(({ filename }) => filename === "answer.md");
  expect(whole?.content.toString()).toBe(long);
});
