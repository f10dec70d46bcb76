import { afterAll, beforeAll, expect, test } from "vitest";
import type { Delivery } from "../../src/contract/delivery.ts";
import type { Subscription } from "../../src/contract/subscription.ts";
import { overflow, type PageOptions, picture, requireChromium, seriousFaults } from "../support/browser.ts";
import { type DashboardApp, dashboardApp } from "../support/dashboard-app.ts";
import { ask } from "../support/orchestration.ts";

const hasChromium = requireChromium();
const LONG = { timeout: 60_000 };
const SCREENS: readonly (PageOptions & { name: string })[] = [
  { name: "1440-light" },
  { name: "1440-dark", scheme: "dark" },
  { name: "768-light", width: 768 },
  { name: "375-light", width: 375, height: 812 },
  { name: "375-dark", width: 375, height: 812, scheme: "dark" },
];
/** Nothing listens there. */
const URL = "http://127.0.0.1:9/claude-events";

let all: DashboardApp;

beforeAll(async () => {
  if (!hasChromium) return;
  all = await dashboardApp();
});
afterAll(() => all?.[Symbol.asyncDispose]());

const found = async (name: string) =>
  ((await ask(all.app.url, "/api/subscriptions")).body.items as Subscription[]).find((one) => one.name === name);

test("a URL is subscribed by the form, its secret is shown once, and it is tested, switched off and deleted", async () => {
  const page = await all.browser.open(`${all.app.url}/subscriptions`);
  await page.getByText("No subscription yet").waitFor();
  expect(await seriousFaults(page)).toEqual([]);
  await page.getByRole("button", { name: "New subscription" }).click();
  const dialog = page.getByRole("dialog");
  const url = dialog.getByLabel("URL");
  await url.fill("nonsense");
  await dialog.getByLabel("Name").fill("n8n");
  await dialog.getByRole("button", { name: "Subscribe" }).click();
  await expect.poll(() => url.getAttribute("aria-invalid")).toBe("true");
  await url.fill(URL);
  await dialog.getByRole("button", { name: "Subscribe" }).click();
  await dialog.getByText("It is shown this once").waitFor();
  expect((await dialog.locator("code").innerText()).length).toBeGreaterThan(20);
  expect(await seriousFaults(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Done" }).click();
  const row = page.getByRole("listitem").filter({ hasText: "n8n" });
  await row.getByRole("button", { name: "Test n8n" }).click();
  const sent = async () => (await ask(all.app.url, "/api/deliveries?kind=subscription")).body.items as Delivery[];
  await expect.poll(async () => (await sent()).map(({ type }) => type), LONG).toEqual(["subscription.test"]);
  await row.getByRole("button", { name: "Switch off n8n" }).click();
  await row.getByRole("button", { name: "Switch on n8n" }).waitFor();
  expect(await found("n8n")).toMatchObject({ enabled: false, url: URL, types: ["run.finished"] });
  await row.getByRole("button", { name: "Delete n8n" }).click();
  await row.getByRole("button", { name: "Delete now n8n" }).click();
  await row.waitFor({ state: "detached" });
  expect(await found("n8n")).toBeUndefined();
});

for (const { name, ...options } of SCREENS) {
  test(`subscriptions with long names and their form are whole at ${name}`, async () => {
    const long = `${name} ${"word ".repeat(30)}`.trim();
    const types = ["session.created", "session.waiting", "run.started", "run.finished", "delivery.failed"];
    const projects = ["acme/web", `/srv/${"deeply/".repeat(20)}nested`];
    const body = { url: `${URL}/${"x".repeat(200)}`, name: long, types, projects, statuses: ["failed"] };
    await ask(all.app.url, "/api/subscriptions", { method: "POST", body });
    const page = await all.browser.open(`${all.app.url}/subscriptions`, options);
    await page.getByTitle(long).waitFor();
    await page.evaluate(() => document.fonts.ready);
    await picture(page, `subscriptions-${name}`);
    expect(await seriousFaults(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
    await page.getByRole("button", { name: `Edit ${long}` }).click();
    await page.getByLabel("URL").waitFor();
    await picture(page, `subscriptions-form-${name}`);
    expect(await seriousFaults(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
    expect(all.browser.faults).toEqual([]);
  });
}
