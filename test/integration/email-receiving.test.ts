import { afterAll, beforeAll, expect, test } from "vitest";
import { ADA, startMailReceiving, type MailReceiving } from "../support/mail-receiving.ts";

let mail: MailReceiving;
beforeAll(async () => {
  mail = await startMailReceiving();
});
afterAll(() => mail[Symbol.asyncDispose]());

/** Takes the mail in and says what came of it: the session it began, with its first message. */
async function begin(name: string) {
  const before = (await mail.sessionsMade()).length;
  const { status, reason } = await mail.take({ raw: await mail.fixture(name) });
  expect(reason).toBeNull();
  expect(status).toBe("done");
  const made = (await mail.sessionsMade()).slice(before);
  expect(made).toHaveLength(1);
  const [session] = made;
  const [message] = await mail.messagesOf(session?.id ?? "");
  const files = await mail.db
    .selectFrom("messageFiles")
    .select("name")
    .where("messageId", "=", message?.id ?? "")
    .execute();
  return {
    repository: session?.githubRepo,
    title: session?.title,
    content: message?.content,
    author: message?.author,
    files: files.map((file) => file.name),
  };
}

const NEW: [string, object][] = [
  ["01-gmail-new", { repository: "acme/web", title: "Fix the login test", author: "Ada Lovelace (ada@people.test)" }],
  [
    "02-outlook-new",
    { repository: "acme/api", files: ["image001.png"], content: expect.stringContaining("10 requests a second") },
  ],
  ["03-apple-new-files", { repository: "acme/web", files: ["Screen Shot 2026-11-21 at 10.14.png", "Menü.css"] }],
  [
    "04-german-latin1",
    {
      repository: "acme/api",
      title: "Die Schnittstelle liefert falsche Größen",
      author: "Jörg Müller (joerg@people.test)",
      content: expect.stringContaining("für Straße und Haus"),
    },
  ],
  [
    "05-japanese",
    {
      repository: "acme/web",
      title: "テストを直してください",
      content: expect.stringContaining("ログインのテストが失敗します"),
    },
  ],
  [
    "06-html-only",
    {
      repository: "acme/web",
      title: "Prices in the table",
      content: expect.stringMatching(/apples\t1\.999\npears\t2\.499\n[^]*Thanks & bye$/),
    },
  ],
  [
    "07-forwarded",
    {
      repository: "acme/web",
      title: "Checkout is slow",
      content: expect.stringContaining("eleven seconds on my phone"),
    },
  ],
  [
    "09-cc-in-a-discussion",
    {
      repository: "acme/api",
      title: "Which page size?",
      content: expect.stringContaining("> I would take 50 items a page."),
    },
  ],
  ["10-subject-only", { repository: "acme/web", content: "Update the copyright year" }],
];

test.each(NEW)("%s begins a session in the repository that it names", async (name, expected) => {
  expect(await begin(name)).toMatchObject(expected);
});

const REPLIES: [string, unknown][] = [
  ["11-gmail-reply", "Yes, remove it please."],
  ["12-outlook-reply", "No, keep the retry.\n\nKind regards\nAda"],
  ["13-apple-reply", "Good. Now do the same for the logout test."],
  ["14-iphone-reply", "Merge it"],
  ["15-html-only-reply", "Please write a changelog entry."],
  [
    "16-german-below-the-quote",
    expect.stringMatching(/Ja, entferne die Wiederholung bitte\.\nUnd prüfe auch Safari\.$/),
  ],
  ["17-french-reply", "Merci, c’est parfait. Ajoute un test pour Firefox."],
  ["18-chinese-reply", "请也修复注销测试。"],
  [
    "19-inline-answers",
    expect.stringMatching(
      /cookie\.\n\nThat was my guess too\.\n\n> Shall I also remove the retry\?\n\nYes, and add a comment\.$/,
    ),
  ],
  ["20-code-and-prompts", expect.stringMatching(/> npm test\n1 failed\n\n```\nFrom: tests[^]*```\n\nAny idea\?$/)],
  ["21-original-message", "Please open a pull request."],
  ["22-only-a-file", "(The mail has no text, only files.)"],
  ["38-outlook-forward-of-ours", expect.stringContaining("It fails on Windows too.")],
];

test.each(REPLIES)("%s continues its session with what its writer wrote", async (name, content) => {
  const sessionId = await mail.answered();
  const raw = await mail.fixture(name, sessionId);
  expect(await mail.take({ raw })).toMatchObject({ status: "done" });
  const messages = await mail.messagesOf(sessionId);
  expect(messages.map((message) => message.content)).toEqual([content]);
  const threads = await mail.db
    .selectFrom("emailThreads")
    .select("participant")
    .where("sessionId", "=", sessionId)
    .execute();
  expect(threads).toEqual([{ participant: ADA }]);
  await mail.db.deleteFrom("emailMessages").execute();
});

test("a colleague who was handed a signed address joins the conversation", async () => {
  const sessionId = await mail.answered();
  await mail.take({ raw: await mail.fixture("36-handed-on", sessionId) });
  expect((await mail.messagesOf(sessionId)).map(({ author }) => author)).toEqual(["Jörg (joerg@people.test)"]);
  const threads = await mail.db
    .selectFrom("emailThreads")
    .select("participant")
    .where("sessionId", "=", sessionId)
    .execute();
  expect(threads.map(({ participant }) => participant).toSorted()).toEqual([ADA, "joerg@people.test"]);
  await mail.db.deleteFrom("emailMessages").execute();
});

const REFUSED: [string, RegExp, string | undefined][] = [
  ["08-no-repository", /^which_repository: The mail does not say/, "which-repository"],
  ["23-reply-without-text", /^no_text/, "refused"],
  ["24-auto-reply", /^loop: .*Auto-Submitted/, undefined],
  ["25-out-of-office", /^loop: .*subject/, undefined],
  ["26-bounce", /^loop/, undefined],
  ["27-mailing-list", /^loop/, undefined],
  ["28-forged-from", /^not_authenticated: .*DMARC says fail/, undefined],
  ["29-no-proof", /^not_authenticated/, undefined],
  ["30-stranger", /^sender_not_allowed/, "refused"],
  ["31-forged-tag", /^forged_tag/, "refused"],
  ["32-not-in-the-conversation", /^not_a_participant/, "refused"],
  ["33-two-authors", /^malformed: .*one author/, undefined],
  ["34-our-own-mail", /^loop/, undefined],
  ["35-name-of-another", /^sender_not_allowed: eve@evil.test/, undefined],
  ["37-unknown-repository", /^which_repository: acme\/secret/, "which-repository"],
];

test.each(REFUSED)(
  "%s is refused with the reason, and answered only when that is safe",
  async (name, reason, notice) => {
    const sessionId = await mail.answered();
    const [before, told] = [await mail.sessionsMade(), await mail.notices()];
    const { status, reason: why } = await mail.take({ raw: await mail.fixture(name, sessionId) });
    expect(status).toBe("refused");
    expect(why).toMatch(reason);
    expect(await mail.sessionsMade()).toHaveLength(before.length);
    expect(await mail.messagesOf(sessionId)).toEqual([]);
    const more = (await mail.notices()).slice(told.length);
    expect(more.map(({ body }) => (body as { notice: string }).notice)).toEqual(notice === undefined ? [] : [notice]);
    const { items } = await mail.inbound.listRefused({ limit: 1 });
    expect(items[0]?.reason).toBe(why);
    await mail.db.deleteFrom("emailMessages").execute();
  },
);
