import { afterAll, beforeAll, expect, test } from "vitest";
import { Session } from "../../src/contract/session.ts";
import { requireChromium } from "../support/browser.ts";
import { type DashboardApp, dashboardApp, scripted } from "../support/dashboard-app.ts";
import { openTcpDoor } from "../support/tcp-door.ts";

const hasChromium = requireChromium();
const LONG_MS = 40_000;
let all: DashboardApp;

beforeAll(async () => {
  if (hasChromium) all = await dashboardApp();
});
afterAll(() => all?.[Symbol.asyncDispose]());

test("a message written while the server is gone is kept and sent when it is back, and the feed comes back by itself", async () => {
  const { app, browser, repository } = all;
  const session = await app.start({
    projectType: "worktree",
    projectPath: repository,
    initialPrompt: scripted("Say hello", [{ text: "Hello." }]),
  });
  await app.until(session.sessionId, ["completed"]);
  await using door = await openTcpDoor(app.url);
  const page = await browser.open(`${door.url}/sessions/${session.sessionId}`);
  await page.getByRole("log").getByText("Hello.", { exact: true }).waitFor();
  await page.getByText("live", { exact: true }).waitFor();
  await door.shut();
  await page.getByText(/server gone for/u).waitFor({ timeout: LONG_MS });
  const box = page.getByRole("textbox", { name: "Message to Claude" });
  await box.fill(scripted("Are you back?", [{ text: "Back again." }]));
  await page.keyboard.press("Control+Enter");
  await page.getByText("will send when back", { exact: true }).waitFor();
  await door.reopen();
  await page.getByRole("log").getByText("Back again.", { exact: true }).waitFor({ timeout: LONG_MS });
  expect(await box.inputValue()).toBe("");
  await page.getByText("live", { exact: true }).waitFor();
  // Once: its live text stands on the page before the answer is saved.
  await app.until(session.sessionId, ["completed"]);
  expect(await app.messages(session.sessionId)).toHaveLength(4);
});

test("what another door does is on the page at once, without a reload", async () => {
  const { app, browser, repository } = all;
  const page = await browser.open(app.url);
  const session = await app.start({
    projectType: "worktree",
    projectPath: repository,
    title: "From another door",
    initialPrompt: scripted("Say it", [{ text: "Said." }]),
  });
  await page.getByRole("navigation", { name: "Sessions" }).getByText("From another door").click();
  await page.getByRole("log").getByText("Said.", { exact: true }).waitFor({ timeout: LONG_MS });
  const before = Date.now();
  await app.request(Session, `/api/sessions/${session.sessionId}`, {
    method: "PATCH",
    body: { title: "Renamed over there" },
  });
  await page.getByRole("heading", { name: "Renamed over there" }).waitFor();
  expect(Date.now() - before).toBeLessThan(2_500);
});
