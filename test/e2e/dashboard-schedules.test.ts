import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Schedule } from "../../src/contract/schedule.ts";
import { overflow, type PageOptions, picture, requireChromium, seriousFaults } from "../support/browser.ts";
import { type DashboardApp, dashboardApp } from "../support/dashboard-app.ts";
import { ask } from "../support/orchestration.ts";

const hasChromium = requireChromium();
const LONG = { timeout: 60_000 };
const SCREENS: readonly (PageOptions & { name: string })[] = [
  { name: "1440-light" },
  { name: "1440-dark", scheme: "dark" },
  { name: "800-light", width: 800 },
  { name: "375-light", width: 375, height: 812 },
  { name: "375-dark", width: 375, height: 812, scheme: "dark" },
];

let all: DashboardApp;
let projectPath: string;

beforeAll(async () => {
  if (!hasChromium) return;
  all = await dashboardApp();
  projectPath = join(all.app.folder, "reports");
  await mkdir(projectPath);
});
afterAll(() => all?.[Symbol.asyncDispose]());

const schedules = async () => (await ask(all.app.url, "/api/schedules")).body.items as Schedule[];
const found = async (name: string) => (await schedules()).find((one) => one.name === name);
const make = (path: string, body: object) => ask(all.app.url, path, { method: "POST", body });
const rowOf = (page: Page, name: string) => page.getByRole("listitem").filter({ hasText: name });
/** Due at the turn of the year, so that only a hand fires it. */
const YEARLY = "0 0 1 1 *";

test("the first schedule is made by its form, which says what is wrong with it where it is wrong", async () => {
  const page = await all.browser.open(`${all.app.url}/schedules`);
  await page.getByText("No schedule yet").waitFor();
  expect(await seriousFaults(page)).toEqual([]);
  await page.getByRole("button", { name: "New schedule" }).click();
  const dialog = page.getByRole("dialog", { name: "New schedule" });
  await dialog.getByLabel("Name").fill("Morning report");
  await dialog.getByLabel("Cron line").fill("0 99 * * *");
  await dialog.getByLabel("Time zone").fill("Europe/Berlin");
  await dialog.getByRole("button", { name: "Local folder" }).click();
  await dialog.getByLabel("Folder on the server").fill(projectPath);
  await dialog.getByLabel("Prompt").fill("Write the report.");
  await dialog.getByRole("button", { name: "Make schedule" }).click();
  const cron = dialog.getByLabel("Cron line");
  await expect.poll(() => cron.getAttribute("aria-invalid")).toBe("true");
  await expect.poll(() => cron.evaluate((field) => field === document.activeElement)).toBe(true);
  await picture(page, "schedules-error");
  expect(await seriousFaults(page)).toEqual([]);
  await cron.fill(YEARLY);
  await page.keyboard.press("Enter");
  await dialog.waitFor({ state: "detached" });
  await rowOf(page, "Morning report")
    .getByText(/31 Dec|1 Jan/u)
    .waitFor();
  expect(await found("Morning report")).toMatchObject({
    timeZone: "Europe/Berlin",
    start: { projectType: "local", projectPath, initialPrompt: "Write the report." },
  });
});

test("a schedule is run by hand, paused, changed without losing what a program set, and deleted", async () => {
  const start = { projectType: "local", projectPath, initialPrompt: "hello", allowedTools: ["Bash(npm test)"] };
  await make("/api/schedules", { name: "Nightly", cron: YEARLY, start });
  const page = await all.browser.open(`${all.app.url}/schedules`);
  const row = rowOf(page, "Nightly");
  await row.getByRole("button", { name: /^Nightly/u }).click();
  await row.getByText("It was not due yet.").waitFor();
  await row.getByRole("button", { name: "Run now" }).click();
  const history = row.getByRole("list", { name: "History" });
  await history.getByText("by hand").waitFor();
  await history.getByText("Done").waitFor(LONG);
  const session = await history.getByRole("link", { name: "Session" }).getAttribute("href");
  expect(session).toMatch(/^\/sessions\/[0-9a-f-]{36}$/u);
  await row.getByRole("button", { name: "Pause" }).click();
  await row.getByRole("button", { name: "Resume" }).waitFor();
  expect(await found("Nightly")).toMatchObject({ status: "paused" });
  await row.getByRole("button", { name: "Edit" }).click();
  const dialog = page.getByRole("dialog", { name: "Edit schedule" });
  await dialog.getByLabel("Prompt").fill("hello again");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
  expect(await found("Nightly")).toMatchObject({ start: { ...start, initialPrompt: "hello again" } });
  await row.getByRole("button", { name: "Delete" }).click();
  await row.getByRole("button", { name: "Delete it and its history" }).click();
  await row.waitFor({ state: "detached" });
  expect(await found("Nightly")).toBeUndefined();
});

test("a schedule by template asks for the template's variables", async () => {
  await make("/api/templates", {
    name: "Report",
    variables: { topic: { description: "What it is about" }, style: { default: "short" } },
    session: { projectType: "local", projectPath, initialPrompt: "Report on {{topic}}, {{style}}." },
  });
  const page = await all.browser.open(`${all.app.url}/schedules`);
  await page.getByRole("button", { name: "New schedule" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("By template");
  await dialog.getByLabel("Cron line").fill(YEARLY);
  await dialog.getByRole("button", { name: "Template", exact: true }).click();
  await dialog.getByRole("combobox", { name: "Template" }).click();
  await page.getByRole("option", { name: "Report" }).click();
  await dialog.getByRole("button", { name: "Make schedule" }).click();
  const topic = dialog.getByLabel("topic");
  await expect.poll(() => topic.getAttribute("aria-invalid")).toBe("true");
  await topic.fill("open issues");
  await dialog.getByRole("button", { name: "Make schedule" }).click();
  await dialog.waitFor({ state: "detached" });
  expect(await found("By template")).toMatchObject({
    start: { template: "Report", variables: { topic: "open issues" } },
  });
});

test("a list that cannot be read says so", async () => {
  const page = await all.browser.open(`${all.app.url}/`, { intercepts: true });
  await page.route("**/api/schedules?*", (route) => route.abort());
  await page.goto(`${all.app.url}/schedules`);
  await page.getByRole("alert").getByText("The server does not answer.").waitFor(LONG);
  expect(await page.getByText("No schedule yet").count()).toBe(0);
});

test("long names are cut, and the whole of them is a tooltip", async () => {
  const long = `Long ${"word ".repeat(35)}`.trim();
  const start = { projectType: "local", projectPath, initialPrompt: `Look at ${"every ".repeat(80)}thing` };
  await make("/api/schedules", { name: long, cron: "15 3 1 1 *", timeZone: "Asia/Tokyo", start });
  await make("/api/schedules", { name: "Resting", cron: YEARLY, start, paused: true });
  const page = await all.browser.open(`${all.app.url}/schedules`);
  const name = page.getByTitle(long);
  await name.waitFor();
  expect(await name.evaluate((text) => text.scrollWidth > text.clientWidth)).toBe(true);
});

for (const { name, ...options } of SCREENS) {
  test(`schedules with long names and their form are whole at ${name}`, async () => {
    const page = await all.browser.open(`${all.app.url}/schedules`, options);
    await page.getByRole("button", { name: /^Resting/u }).click();
    await page.getByText("What became of its times").waitFor();
    await page.evaluate(() => document.fonts.ready);
    await picture(page, `schedules-${name}`);
    expect(await seriousFaults(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
    await page.getByRole("button", { name: "New schedule" }).click();
    await page.getByLabel("Cron line").waitFor();
    await picture(page, `schedules-form-${name}`);
    expect(await seriousFaults(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
    expect(all.browser.faults).toEqual([]);
  });
}
