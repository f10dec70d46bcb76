import { afterAll, beforeAll, expect, test } from "vitest";
import type { Template } from "../../src/contract/template.ts";
import { overflow, type PageOptions, picture, requireChromium, seriousFaults } from "../support/browser.ts";
import { type DashboardApp, dashboardApp } from "../support/dashboard-app.ts";
import { ask } from "../support/orchestration.ts";

const hasChromium = requireChromium();
const SCREENS: readonly (PageOptions & { name: string })[] = [
  { name: "1440-light" },
  { name: "1440-dark", scheme: "dark" },
  { name: "800-light", width: 800 },
  { name: "375-light", width: 375, height: 812 },
  { name: "375-dark", width: 375, height: 812, scheme: "dark" },
];

let all: DashboardApp;

beforeAll(async () => {
  if (!hasChromium) return;
  all = await dashboardApp();
});
afterAll(() => all?.[Symbol.asyncDispose]());

const make = (path: string, body: object) => ask(all.app.url, path, { method: "POST", body });
const found = async (name: string) =>
  ((await ask(all.app.url, "/api/templates")).body.items as Template[]).find((one) => one.name === name);

test("the first template is made by its form: what stands in braces is asked for, what is wrong is said there", async () => {
  const page = await all.browser.open(`${all.app.url}/templates`);
  await page.getByText("No template yet").waitFor();
  expect(await seriousFaults(page)).toEqual([]);
  await page.getByRole("button", { name: "New template" }).click();
  const dialog = page.getByRole("dialog", { name: "New template" });
  await dialog.getByLabel("Name", { exact: true }).fill("Fix an issue");
  await dialog.getByRole("button", { name: "Left open" }).click();
  const prompt = dialog.getByLabel("Prompt");
  await prompt.fill("Fix {{number}} in a {{style}} way, {{not a name}}.");
  await dialog.getByRole("button", { name: "Make template" }).click();
  await expect.poll(() => prompt.getAttribute("aria-invalid")).toBe("true");
  await expect.poll(() => prompt.evaluate((field) => field === document.activeElement)).toBe(true);
  await prompt.fill(String.raw`Fix {{number}} in a {{style}} way, \{{not a variable}}.`);
  await dialog.getByLabel("Default of style").fill("short");
  await dialog.getByRole("button", { name: "Make template" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("listitem").getByText("needs somebody to start it").waitFor();
  expect(await found("Fix an issue")).toMatchObject({
    variables: { number: {}, style: { default: "short" } },
    session: { initialPrompt: String.raw`Fix {{number}} in a {{style}} way, \{{not a variable}}.` },
  });
  expect((await found("Fix an issue"))?.session.projectType).toBeUndefined();
});

test("a change keeps what a program set, and a template that a schedule starts is not deleted", async () => {
  const session = { projectType: "github", githubRepo: "acme/web", title: "About {{topic}}", allowedTools: ["Read"] };
  const variables = { topic: { description: "What about", required: false } };
  const made = { session: { ...session, initialPrompt: "Look." }, variables, schedule: { cron: "0 9 * * *" } };
  await make("/api/templates", { name: "Report", ...made });
  const used = { session: { projectType: "github", githubRepo: "acme/web", initialPrompt: "Look." } };
  await make("/api/templates", { name: "Used", ...used });
  await make("/api/schedules", { name: "Yearly", cron: "0 0 1 1 *", start: { template: "Used" }, paused: true });
  const page = await all.browser.open(`${all.app.url}/templates`);
  await page.getByRole("button", { name: "Edit Report" }).click();
  const dialog = page.getByRole("dialog", { name: "Edit template" });
  await dialog.getByLabel("Prompt").fill("Look again.");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
  expect(await found("Report")).toMatchObject({ ...made, session: { ...session, initialPrompt: "Look again." } });
  for (const name of ["Report", "Used"]) {
    await page.getByRole("button", { name: `Delete ${name}` }).click();
    await page.getByRole("button", { name: `Delete now ${name}` }).click();
  }
  await page.getByRole("alert").getByText("Yearly").waitFor();
  await page.getByRole("button", { name: "Edit Report" }).waitFor({ state: "detached" });
  expect(await found("Report")).toBeUndefined();
  expect(await found("Used")).toBeDefined();
});

for (const { name, ...options } of SCREENS) {
  test(`templates with long names and their form are whole at ${name}`, async () => {
    const long = `${name} ${"word ".repeat(15)}`.trim();
    const initialPrompt = `Look at ${"every ".repeat(80)}{{thing}}`;
    const session = { projectType: "local", projectPath: `/srv/${"deeply/".repeat(20)}nested`, initialPrompt };
    await make("/api/templates", { name: long, variables: { thing: {} }, session });
    const page = await all.browser.open(`${all.app.url}/templates`, options);
    await page.getByTitle(long).waitFor();
    await page.evaluate(() => document.fonts.ready);
    await picture(page, `templates-${name}`);
    expect(await seriousFaults(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
    await page.getByRole("button", { name: `Edit ${long}` }).click();
    await page.getByLabel("Default of thing").waitFor();
    await picture(page, `templates-form-${name}`);
    expect(await seriousFaults(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
    expect(all.browser.faults).toEqual([]);
  });
}
