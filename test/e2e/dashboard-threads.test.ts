import { afterAll, beforeAll, expect, test } from "vitest";
import { insertMessageFiles } from "../../src/messages/message-file-queries.ts";
import { overflow, picture, requireChromium, seriousFaults } from "../support/browser.ts";
import { type DashboardApp, dashboardApp, scripted } from "../support/dashboard-app.ts";

const hasChromium = requireChromium();
let all: DashboardApp;

beforeAll(async () => {
  const mail = { SMTP_HOST: "127.0.0.1", EMAIL_FROM: "claude@orch.test", EMAIL_ALLOWED_SENDERS: "@example.com" };
  if (hasChromium) all = await dashboardApp(mail);
});
afterAll(() => all?.[Symbol.asyncDispose]());

const file = (name: string, mediaType: string, size: number) => ({ name, mediaType, content: Buffer.alloc(size, "x") });

/** A session that is talked about in a channel and by mail, whose message brought files. */
async function aTalk(): Promise<string> {
  const { sessionId } = await all.app.start({
    projectType: "worktree",
    projectPath: all.repository,
    initialPrompt: scripted("Compare the two price lists.", [{ text: "They differ in three lines." }]),
    title: "Compare the price lists",
    source: "slack",
  });
  const { db } = all.app;
  await db.insertInto("slackThreadMapping").values({ team: "T1", channel: "C0123456789", sessionId }).execute();
  const participant = "wilhelmina.featherstonehaugh@purchasing.example.com";
  await db.insertInto("emailThreads").values({ sessionId, participant, subject: "Price lists", muted: true }).execute();
  await all.app.until(sessionId, ["completed"]);
  const [asked] = await all.app.messages(sessionId);
  await insertMessageFiles(db, asked?.messageId ?? "", [
    file("prices-2026.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", 183_402),
    file("prices.csv", "text/csv", 900),
    file(`${"a-very-long-name-".repeat(5)}scan.pdf`, "application/pdf", 2_400_000),
  ]);
  return sessionId;
}

/** A callback that was given up: its receiver is gone. */
const giveUp = (sessionId: string) =>
  all.app.db
    .insertInto("deliveries")
    .values({
      key: `given-up:${sessionId}`,
      sessionId,
      kind: "callback",
      topic: "message.posted",
      address: "http://127.0.0.1:9/webhook/7",
      threadKey: `callback:${sessionId}`,
      status: "failed",
      attempts: 12,
      lastError: "The receiver answered 410: this execution is over",
      deadline: new Date(),
      givenUpAt: new Date(),
    })
    .execute();

test("files of a message and the threads of a session are shown, and a thread is muted for good", async () => {
  const sessionId = await aTalk();
  const page = await all.browser.open(`${all.app.url}/sessions/${sessionId}?tab=facts`);
  const files = page.getByRole("log").getByRole("list", { name: "Files" });
  await files.getByText("prices.csv").waitFor();
  expect(await files.getByRole("listitem").allInnerTexts()).toContainEqual(expect.stringMatching(/xlsx\s*183 kB/u));
  const slack = page.getByRole("switch", { name: "Answers to Slack C0123456789" });
  expect(await slack.getAttribute("aria-checked")).toBe("true");
  expect(await page.getByText("go on with this session").innerText()).toMatch(/claude\+[0-9a-f-]{29}@orch\.test/u);
  expect(await seriousFaults(page)).toEqual([]);
  await slack.focus();
  await page.keyboard.press("Space");
  await page.getByRole("switch", { name: "Answers to Slack C0123456789", checked: false }).waitFor();
  await expect
    .poll(() => all.app.db.selectFrom("slackThreadMapping").select("muted").executeTakeFirstOrThrow())
    .toEqual({ muted: true });
  await page.reload();
  await page.getByRole("switch", { name: "Answers to Slack C0123456789", checked: false }).waitFor();
  expect(all.browser.faults).toEqual([]);
});

test("what was given up can be sent again, and says when it is tried next", async () => {
  const sessionId = await aTalk();
  await giveUp(sessionId);
  const page = await all.browser.open(`${all.app.url}/sessions/${sessionId}?tab=facts`);
  const trouble = page.getByRole("list", { name: "Not delivered" });
  await trouble.getByText("this execution is over").waitFor();
  await trouble.getByRole("button", { name: "Send again" }).click();
  await trouble.getByText(/again at \d\d:\d\d/u).waitFor({ timeout: 20_000 });
  expect(await trouble.getByRole("button").count()).toBe(0);
  expect(all.browser.faults).toEqual([]);
});

test.each([
  ["light", 1440],
  ["dark", 1440],
  ["light", 375],
  ["dark", 375],
] as const)("files and threads keep their place on a %s screen of %i", async (scheme, width) => {
  const sessionId = await aTalk();
  await giveUp(sessionId);
  const page = await all.browser.open(`${all.app.url}/sessions/${sessionId}`, { scheme, width, height: 900 });
  await page.getByRole("list", { name: "Files" }).getByText("prices.csv").waitFor();
  await picture(page, `files-${scheme}-${width}`);
  await page.goto(`${all.app.url}/sessions/${sessionId}?tab=facts`);
  const threads = page.getByRole("list", { name: "Threads" });
  await page.getByRole("button", { name: "Copy the mail address of this session" }).scrollIntoViewIfNeeded();
  const places = await threads
    .getByRole("switch")
    .evaluateAll((switches) => switches.map((one) => one.getBoundingClientRect().right));
  expect(Math.max(...places)).toBeLessThanOrEqual(width);
  expect(await overflow(page)).toBe(0);
  await picture(page, `threads-${scheme}-${width}`);
  expect(await seriousFaults(page)).toEqual([]);
});
