import { afterAll, beforeAll, expect, test } from "vitest";
import { Session } from "../../src/contract/session.ts";
import { picture, requireChromium, seriousFaults } from "../support/browser.ts";
import { type DashboardApp, dashboardApp, scripted } from "../support/dashboard-app.ts";

const hasChromium = requireChromium();
const ANSWER_MS = 40_000;
let all: DashboardApp;

beforeAll(async () => {
  if (hasChromium) all = await dashboardApp();
});
afterAll(() => all?.[Symbol.asyncDispose]());

const start = (words: string, steps: object[], more: object = {}) =>
  all.app.start({
    projectType: "worktree",
    projectPath: all.repository,
    initialPrompt: scripted(words, steps),
    title: words,
    ...more,
  });

test("a session started in the form is answered on its page, with its calls, its diff and a resume command", async () => {
  const page = await all.browser.open(`${all.app.url}/new`);
  const script = [
    { text: "I will look at the rounding first.", read: "src/round.js" },
    { bash: "cat does-not-exist.txt" },
    { write: { path: "src/round.js", content: "export const round = (n) => Math.floor(n + 0.5);\n" } },
    { text: "Rounding is **fixed** in `src/round.js`." },
  ];
  await page.getByRole("textbox", { name: "Prompt" }).fill(scripted("Fix the rounding.", script));
  await page.getByRole("button", { name: "Worktree" }).click();
  await page.getByRole("textbox", { name: "Folder on the server" }).fill(all.repository);
  await page.getByRole("button", { name: /Start session/u }).click();
  await page.waitForURL(/\/sessions\//u);
  const talk = page.getByRole("log");
  await talk.getByText("Rounding is fixed in src/round.js.", { exact: true }).waitFor({ timeout: ANSWER_MS });
  await talk.getByText("I will look at the rounding first.", { exact: true }).waitFor();
  await talk.getByText(/^run 1 done/u).waitFor();
  // The failed call stays in sight although its neighbours are folded.
  await talk.getByRole("button", { name: /^failed, Bash cat does-not-exist\.txt/u }).waitFor();
  await page.getByRole("tab", { name: "Changes 1" }).waitFor();
  await page.getByRole("tabpanel").getByText("Math.floor(n + 0.5)").waitFor();
  expect(await seriousFaults(page)).toEqual([]);
  await page.getByRole("tab", { name: "Facts" }).click();
  const id = /[\da-f-]{36}/u.exec(page.url())?.[0];
  const { resumeCommand } = await all.app.request(Session, `/api/sessions/${id}`);
  await expect.poll(() => page.getByRole("tabpanel").innerText()).toContain(resumeCommand);
  await page.keyboard.press("y");
  await page.keyboard.press("r");
  await page.getByText("Copied the resume command").waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(resumeCommand);
  await picture(page, "session-facts");
  expect(all.browser.faults).toEqual([]);
});

test("a message sent while a run is on waits above the box, and Stop asks before it ends the run", async () => {
  const session = await start("Count slowly", [{ bash: "sleep 30" }, { text: "Counted." }], {
    allowedTools: ["Bash(sleep *)"],
  });
  const page = await all.browser.open(`${all.app.url}/sessions/${session.sessionId}`);
  const talk = page.getByRole("log");
  await talk.getByRole("button", { name: /^running, Bash sleep 30/u }).waitFor({ timeout: ANSWER_MS });
  await page.getByText(/process alive, event \d+ s ago/u).waitFor();
  const box = page.getByRole("textbox", { name: "Message to Claude" });
  await page.keyboard.press("r");
  await page.keyboard.type(scripted("And then say hello", [{ text: "Hello, counted people." }]));
  await page.getByText("read when this run ends").waitFor();
  await page.keyboard.press("Control+Enter");
  await page.getByRole("list", { name: "Queued messages" }).getByText("And then say hello").waitFor();
  expect(await box.inputValue()).toBe("");
  await page.keyboard.press("Escape");
  await page.keyboard.press("s");
  await page.getByText(/The current step is cut off/u).waitFor();
  await picture(page, "session-stop");
  await page.getByRole("button", { name: "Stop now" }).click();
  await talk
    .getByRole("region", { name: /Run 1: Stopped/u })
    .or(talk.getByText(/Stopped/u).first())
    .waitFor({ timeout: ANSWER_MS });
  expect(all.browser.faults).toEqual([]);
});

test("a call that was not allowed can be allowed from the conversation, and Claude goes on", async () => {
  const session = await start("Ask the network", [
    { bash: "curl -s http://127.0.0.1:9/x" },
    { text: "I was not allowed to." },
  ]);
  const page = await all.browser.open(`${all.app.url}/sessions/${session.sessionId}`);
  const notice = page.getByRole("region", { name: "Not allowed" });
  await notice.getByText("curl -s http://127.0.0.1:9/x").first().waitFor({ timeout: ANSWER_MS });
  await picture(page, "session-denied");
  expect(await seriousFaults(page)).toEqual([]);
  await notice.getByRole("button", { name: "Allow in this session and go on" }).click();
  await notice.getByText("Allowed in this session now.").waitFor();
  const { options } = await all.app.request(Session, `/api/sessions/${session.sessionId}`);
  expect(options.allowedTools).toContain("Bash(curl -s http://127.0.0.1:9/x)");
  await page.getByRole("log").getByText("Continue", { exact: true }).first().waitFor({ timeout: ANSWER_MS });
});

test("text is on the page while it is still being written", async () => {
  const words = Array.from({ length: 60 }, (_, index) => `word${index}`).join(" ");
  const session = await start("Write a lot", [{ text: words, paceMs: 300 }]);
  const page = await all.browser.open(`${all.app.url}/sessions/${session.sessionId}`);
  await page
    .locator("[data-live]")
    .getByText(/word0 word1/u)
    .waitFor({ timeout: ANSWER_MS });
  expect(
    await page
      .getByRole("log")
      .getByText(/word59$/u)
      .count(),
  ).toBe(0);
  await picture(page, "session-live-text");
  await page
    .getByRole("log")
    .getByText(/word59$/u)
    .last()
    .waitFor({ timeout: ANSWER_MS });
});
