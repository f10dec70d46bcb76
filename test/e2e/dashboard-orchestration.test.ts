import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { OrchestrationRow } from "../../src/contract/orchestration.ts";
import { overflow, type PageOptions, picture, requireChromium, seriousFaults } from "../support/browser.ts";
import { type DashboardApp, dashboardApp, scripted } from "../support/dashboard-app.ts";
import { ask, setDesired, workspacePath } from "../support/orchestration.ts";

const hasChromium = requireChromium();
const SCREENS: readonly (PageOptions & { name: string })[] = [
  { name: "1440-light" },
  { name: "1440-dark", scheme: "dark" },
  { name: "375-light", width: 375, height: 812 },
  { name: "375-dark", width: 375, height: 812, scheme: "dark" },
];

/** A list that could not be read is asked for again with growing pauses. */
const LONG = { timeout: 60_000 };
/** Pictures and axe of four screens in one test, on a machine that does much else. */
const FOUR_SCREENS_MS = 300_000;

let all: DashboardApp;

beforeAll(async () => {
  if (!hasChromium) return;
  all = await dashboardApp({ CLAUDE_ALLOWED_TOOLS: "Bash" });
  const { url, folder } = all.app;
  await setDesired(url, "fernhill/web", 1);
  for (const name of ["one", "two"]) {
    const projectPath = join(folder, name);
    await mkdir(projectPath);
    await all.app.start({
      projectType: "local",
      projectPath,
      title: `Backlog ${name}`,
      initialPrompt: scripted("Wait", [{ bash: "sleep 900" }]),
      metadata: { workspaceId: "fernhill/web" },
    });
  }
  await setDesired(url, "fernhill/ledger", 3);
  await setDesired(url, String.raw`C:\work\pos-terminal`, 1);
  await setDesired(url, "fernhill/infra", 1);
  await ask(url, `${workspacePath("fernhill/infra")}/paused`, { method: "PUT", body: { paused: true } });
  await ask(url, `${workspacePath("fernhill/billing")}/running`, { method: "PUT", body: { running: 2 } });
  await setDesired(url, "fernhill/billing", 0);
  await setDesired(url, "fernhill/docs", 1);
  const projectPath = join(folder, "docs");
  await mkdir(projectPath);
  const initialPrompt = scripted("Fix the next broken link", [{ bash: "sleep 900" }]);
  await makeTemplate({ name: "fix-broken-links", session: { projectType: "local", projectPath, initialPrompt } });
  await makeTemplate({ name: "issue", variables: { number: {} }, session: { initialPrompt: "Fix {{number}}" } });
  await makeTemplate({ name: `long ${"word ".repeat(15)}`, description: "x".repeat(800), session: { initialPrompt } });
});
afterAll(() => all?.[Symbol.asyncDispose]());

const desiredOf = async (id: string): Promise<number> =>
  (await ask(all.app.url, workspacePath(id))).body.workspace.desired as number;

const rowOf = (page: Page, id: string) => page.getByRole("listitem").filter({ hasText: id });

for (const { name, ...options } of SCREENS) {
  test(`the page of workspaces is whole at ${name}`, async () => {
    const page = await all.browser.open(`${all.app.url}/orchestration`, options);
    await rowOf(page, "fernhill/web").getByText("As desired").waitFor();
    await rowOf(page, "fernhill/billing").getByText("Draining").waitFor();
    await page.evaluate(() => document.fonts.ready);
    await picture(page, `orchestration-${name}`);
    expect(await seriousFaults(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
  });
}

test("steps and keys change what is desired and pause it, several steps as one wish", async () => {
  const page = await all.browser.open(`${all.app.url}/orchestration`);
  const row = rowOf(page, "fernhill/ledger");
  const before = (await ask(all.app.url, `${workspacePath("fernhill/ledger")}/history`)).body.items.length as number;
  // Within the page, so that however slow this machine is nothing lies between them.
  await row.getByRole("button", { name: "One more in fernhill/ledger" }).evaluate(async (button: HTMLElement) => {
    for (let step = 0; step < 3; step++) {
      button.click();
      await new Promise((resolve) => setTimeout(resolve));
    }
  });
  await expect.poll(() => desiredOf("fernhill/ledger"), LONG).toBe(6);
  const history = (await ask(all.app.url, `${workspacePath("fernhill/ledger")}/history`)).body.items as object[];
  expect(history).toHaveLength(before + 1);
  await page.getByRole("heading", { name: "Orchestration" }).click();
  // The second while the first is being written, or is not read back yet.
  await page.keyboard.press("-");
  await expect.poll(() => desiredOf("fernhill/ledger"), LONG).toBe(5);
  await page.keyboard.press("-");
  await expect.poll(() => desiredOf("fernhill/ledger"), LONG).toBe(4);
  expect(await page.getByText("changed while you were editing").count()).toBe(0);
  await page.keyboard.press("p");
  await row.getByText("Paused by local").waitFor();
  await row.getByRole("button", { name: "No limit in fernhill/ledger" }).click();
  await expect.poll(() => desiredOf("fernhill/ledger"), LONG).toBe(0);
});

test("when somebody else was faster, the person is asked, and theirs is written only if they say so", async () => {
  const page = await all.browser.open(`${all.app.url}/orchestration`, { intercepts: true });
  const id = String.raw`C:\work\pos-terminal`;
  const more = rowOf(page, id).getByRole("button", { name: `One more in ${id}` });
  await more.waitFor();
  // What the page shows stays as it is, while another changes it.
  await page.route("**/api/orchestration/workspaces", (route) => route.abort());
  await setDesired(all.app.url, id, 5);
  await more.click();
  const notice = page.getByRole("alert");
  await notice.getByText("changed while you were editing: you set 2").waitFor();
  expect(await desiredOf(id)).toBe(5);
  await page.unroute("**/api/orchestration/workspaces");
  await expect.poll(() => page.getByLabel(`Desired in ${id}`).inputValue(), LONG).toBe("5");
  await picture(page, "orchestration-conflict");
  await notice.getByRole("button", { name: "Set 2" }).click();
  await expect.poll(() => desiredOf(id), LONG).toBe(2);
});

const templateOf = async (id: string): Promise<string | null> => {
  const rows = (await ask(all.app.url, "/api/orchestration/workspaces")).body as OrchestrationRow[];
  return rows.find(({ workspace_id: known }) => known === id)?.template ?? null;
};

const makeTemplate = (body: object) => ask(all.app.url, "/api/templates", { method: "POST", body });

test("who has no template that fits is told how to make one", async () => {
  const page = await all.browser.open(`${all.app.url}/orchestration`, { intercepts: true });
  await page.route("**/api/templates?*", (route) => route.fulfill({ json: { items: [], nextCursor: null } }));
  await rowOf(page, "fernhill/web").getByRole("button", { name: "Attach a template to fernhill/web" }).click();
  await page.getByText("No template fits yet.").waitFor();
  await picture(page, "orchestration-no-template");
  expect(await seriousFaults(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
});

test("a template that can stand by itself is attached by keys, fills the workspace, and is taken away", async () => {
  const id = "fernhill/docs";
  const page = await all.browser.open(`${all.app.url}/orchestration`, { intercepts: true });
  const dialog = page.getByRole("dialog", { name: "Standing template" });
  await rowOf(page, id).waitFor();
  await page.keyboard.press("j");
  while ((await rowOf(page, id).getAttribute("aria-current")) === null) await page.keyboard.press("j");
  await page.keyboard.press("t");
  await dialog.getByText("Not shown: 1 template without a prompt").waitFor();
  expect(await dialog.getByRole("radio").count()).toBe(2);
  const fitting = dialog.getByRole("radio", { name: /^fix-broken-links/u });
  await expect.poll(() => fitting.evaluate((radio) => radio === document.activeElement)).toBe(true);
  await page.keyboard.press("Space");
  expect(await fitting.isChecked()).toBe(true);
  await page.keyboard.press("Enter");
  await dialog.waitFor({ state: "detached" });
  expect(await templateOf(id)).toBe("fix-broken-links");
  await rowOf(page, id).getByText("As desired").waitFor(LONG);
  await rowOf(page, id)
    .getByRole("button", { name: `Standing template of ${id}: fix-broken-links` })
    .click();
  await dialog.getByRole("radio", { name: /^long/u }).check();
  await page.route("**/template", (route) => route.abort());
  await dialog.getByRole("button", { name: "Attach" }).click();
  await dialog.getByRole("alert").getByText("Not changed: The server does not answer.").waitFor();
  await page.unroute("**/template");
  await dialog.getByRole("button", { name: "Take away" }).click();
  await rowOf(page, id)
    .getByRole("button", { name: `Attach a template to ${id}` })
    .waitFor();
  expect(await templateOf(id)).toBeNull();
});

for (const { name, ...options } of SCREENS) {
  test(`the choice of a standing template is whole at ${name}`, async () => {
    const page = await all.browser.open(`${all.app.url}/orchestration`, options);
    await rowOf(page, "fernhill/billing")
      .getByRole("button", { name: /^Attach a template/u })
      .click();
    await page.getByRole("radio", { name: /^fix-broken-links/u }).check();
    await page.evaluate(() => document.fonts.ready);
    await picture(page, `orchestration-template-${name}`);
    expect(await seriousFaults(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
    expect(all.browser.faults).toEqual([]);
  });
}

test(
  "everything is paused by one button and resumed by another, and each workspace keeps its own",
  async () => {
    const page = await all.browser.open(`${all.app.url}/orchestration`, { intercepts: true });
    const isPaused = async () => (await ask(all.app.url, "/api/orchestration/global")).body.paused as boolean;
    await page.route("**/api/orchestration/paused", (route) => route.abort());
    await page.getByRole("button", { name: "Pause all" }).click();
    await page.getByRole("alert").getByText("Not paused: The server does not answer.").waitFor(LONG);
    await page.unroute("**/api/orchestration/paused");
    await page.getByRole("button", { name: "Pause all" }).click();
    await page.getByRole("status").getByText("Everything is paused by local").waitFor(LONG);
    expect(await isPaused()).toBe(true);
    await rowOf(page, "fernhill/web").getByText("Everything is paused by local; nothing new starts").waitFor(LONG);
    const before = await desiredOf("fernhill/web");
    await page.getByRole("button", { name: "One more in fernhill/web" }).click();
    await expect.poll(() => desiredOf("fernhill/web"), LONG).toBe(before + 1);
    await page.getByRole("button", { name: "One fewer in fernhill/web" }).click();
    await expect.poll(() => desiredOf("fernhill/web"), LONG).toBe(before);
    for (const { name, ...options } of SCREENS) {
      const screen = await all.browser.open(`${all.app.url}/orchestration`, options);
      await screen.getByRole("status").getByText("Everything is paused").waitFor(LONG);
      await rowOf(screen, "fernhill/web").waitFor();
      await screen.evaluate(() => document.fonts.ready);
      await picture(screen, `orchestration-paused-${name}`);
      expect(await seriousFaults(screen)).toEqual([]);
      expect(await overflow(screen)).toBe(0);
    }
    await page.getByRole("button", { name: "Resume all" }).click();
    await page.getByRole("button", { name: "Pause all" }).waitFor(LONG);
    expect(await isPaused()).toBe(false);
    await rowOf(page, "fernhill/infra").getByText("Paused by local; nothing new starts").waitFor(LONG);
  },
  FOUR_SCREENS_MS,
);
