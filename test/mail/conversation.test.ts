import { afterAll, beforeAll, expect, test } from "vitest";
import { holding, only, script, startMailApp, type MailApp } from "../support/mail-app.ts";
import { ADA, BOT, requireDovecot } from "../support/mail-server.ts";

const here = requireDovecot();
let house: MailApp;
beforeAll(async () => {
  if (here) house = await startMailApp();
});
afterAll(() => house?.[Symbol.asyncDispose]());

test("a mail starts a session, is acknowledged, and gets one answer in the same thread; a reply goes on", async () => {
  const { app, mail } = house;
  const began = Date.now();
  const text = `Which files are here?\n\n${script({ bash: "ls" }, { text: "There is a **README.md**." })}`;
  const id = await mail.ada.send({ subject: "Which files?", text });
  const [first] = await mail.ada.waitFor(1, ({ subject }) => subject === "Re: Which files?");
  console.info(`acknowledged after ${Date.now() - began} ms`);
  expect(first?.text).toContain("Claude works on this in");
  const answer = only(await mail.ada.waitFor(1, holding("There is a **README.md**.")));
  expect(answer).toMatchObject({ subject: "Re: Which files?", inReplyTo: id });
  expect(answer.html).toContain("<strong>README.md</strong>");
  expect(answer.text).not.toContain("asked");

  const session = await house.session("Which files?");
  expect(session).toMatchObject({ source: "email", projectPath: house.repository });
  await mail.ada.reply(answer, script({ text: "They are two." }));
  const second = only(await mail.ada.waitFor(1, holding("They are two.")));
  expect([second.references].flat()).toContain(id);
  await app.until(session.sessionId, ["completed"]);
  const said = await app.messages(session.sessionId);
  expect(said.map(({ direction, source }) => `${direction} ${source}`)).toEqual([
    "inbound email",
    "outbound claude",
    "inbound email",
    "outbound claude",
  ]);
  expect(said[2]?.content).toBe(script({ text: "They are two." }));
  expect(said[0]?.author).toContain(ADA);
  expect((await mail.ada.inbox()).filter(({ subject }) => subject === "Re: Which files?")).toHaveLength(3);
});

test("a reply whose program drops all headers finds its session by the address alone", async () => {
  const { app, mail } = house;
  await mail.ada.send({ subject: "Bare", text: script({ text: "Bare one." }) });
  const [answer] = await mail.ada.waitFor(1, holding("Bare one."));
  const to = answer?.replyTo?.value[0]?.address ?? "";
  expect(to).toMatch(/^claude\+[0-9a-f]+-[0-9a-f]+@orch\.test$/);
  await mail.bob.send({ to, subject: "Something else", text: script({ text: "Bare two." }) });
  await mail.bob.waitFor(1, holding("Bare two."));
  const { sessionId } = await house.session("Bare");
  await app.until(sessionId, ["completed"]);
  expect(await app.runs(sessionId)).toHaveLength(2);
  const [forAda] = await mail.ada.waitFor(1, holding("Bare two."));
  expect(forAda?.text).toMatch(/bob@people\.test.* asked by mail: /);
});

test("files come along in both directions", async () => {
  const { app, mail } = house;
  const attachments = [{ filename: "Zahlen 1.csv", content: "a;b\n1;2\n" }];
  const text = script(
    { bash: "cat .attachments/*/*.csv > out.csv; echo done >> out.csv" },
    { text: "Here it is.\nATTACH: out.csv\nATTACH: ../../../etc/passwd" },
  );
  await mail.ada.send({ subject: "Files", text, attachments });
  const answer = only(await mail.ada.waitFor(1, holding("Here it is.")));
  expect(answer.attachments.map(({ filename, content }) => [filename, content.toString()])).toEqual([
    ["out.csv", "a;b\n1;2\ndone\n"],
  ]);
  expect(answer.text).not.toContain("ATTACH");
  expect(answer.text).toMatch(/Not attached: .*passwd/);
  const { sessionId } = await house.session("Files");
  await app.until(sessionId, ["completed"]);
});

test("a forged From starts nothing, is kept with its reason, and is not answered", async () => {
  const { app, mail } = house;
  const before = (await house.sessions()).length;
  const inboxBefore = (await mail.ada.inbox()).length;
  await mail.forge({ from: ADA, subject: "Forged", text: script({ text: "Fooled." }) });
  await expect.poll(() => mail.dovecot.mails(BOT, "Rejected"), { timeout: 30_000 }).not.toEqual([]);
  const rows = await app.db.selectFrom("inbox").selectAll().where("door", "=", "email").execute();
  const refused = only(rows.filter(({ status }) => status === "refused"));
  expect(refused.reason).toMatch(/^not_authenticated: /);
  expect(await house.sessions()).toHaveLength(before);
  expect(await mail.ada.inbox()).toHaveLength(inboxBefore);
});

test("a session begun by mail goes on by the API: its answer comes by mail with the question above, until muted", async () => {
  const { app, mail } = house;
  await mail.ada.send({ subject: "Both doors", text: script({ text: "By mail." }) });
  await mail.ada.waitFor(1, holding("By mail."));
  const { sessionId } = await house.session("Both doors");
  await app.until(sessionId, ["completed"]);
  await app.say(sessionId, { content: `And on Windows? ${script({ text: "By API." })}`, author: "Bob" });
  const answer = only(await mail.ada.waitFor(1, holding("By API.")));
  expect(answer.text).toContain("Bob asked through the API: And on Windows?");
  expect(answer.subject).toBe("Re: Both doors");

  const thread = only(await house.threads(sessionId));
  expect(thread).toMatchObject({ kind: "email", place: ADA, muted: false });
  await house.mute(thread, sessionId, true);
  await app.say(sessionId, { content: script({ text: "Silent." }) });
  await app.until(sessionId, ["completed"]);
  await house.mute(thread, sessionId, false);
  await app.say(sessionId, { content: script({ text: "Loud again." }) });
  await mail.ada.waitFor(1, holding("Loud again."));
  expect((await mail.ada.inbox()).filter(holding("Silent."))).toEqual([]);
  expect((await app.runs(sessionId)).map(({ status }) => status)).toEqual(Array(4).fill("succeeded"));
});

test("NO_REPLY stays silent, and the next answer comes", async () => {
  const { app, mail } = house;
  await mail.ada.send({ subject: "Silence", text: script({ text: "NO_REPLY" }) });
  const { sessionId } = await house.session("Silence");
  await app.until(sessionId, ["completed"]);
  await app.say(sessionId, { content: script({ text: "Now I speak." }) });
  await mail.ada.waitFor(1, holding("Now I speak."));
  expect((await mail.ada.inbox()).filter(holding("NO_REPLY"))).toEqual([]);
});
