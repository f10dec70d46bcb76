import type { Page } from "@playwright/test";
import { afterAll, beforeAll, expect, test } from "vitest";
import { overflow, type PageOptions, picture, requireChromium, seriousFaults } from "../support/browser.ts";
import { type DashboardApp, dashboardApp, scripted } from "../support/dashboard-app.ts";

const hasChromium = requireChromium();
const LONG_MS = 40_000;
const SCREENS: readonly (PageOptions & { name: string })[] = [
  { name: "1440-light" },
  { name: "1440-dark", scheme: "dark" },
  { name: "375-light", width: 375, height: 812 },
  { name: "375-dark", width: 375, height: 812, scheme: "dark" },
];
const ANSWER = `Rounding is **half up** now, in one place:

- \`src/round.js\` keeps its signature
- 3 tests pass, one of them new

\`\`\`js
export const round = (n) => Math.floor(n + 0.5);
\`\`\`

| case | before | now |
|---|---|---|
| 2.5 | 3 | 3 |
| -2.5 | -2 | -2 |`;

let all: DashboardApp;
/** Sessions in each state that lasts, by what they are called. */
const ids = { done: "", failed: "", running: "" };

beforeAll(async () => {
  if (!hasChromium) return;
  all = await dashboardApp();
  const { app, repository } = all;
  const start = async (title: string, steps: object[], more: object = {}) =>
    (
      await app.start({
        projectType: "worktree",
        projectPath: repository,
        title,
        initialPrompt: scripted(title, steps),
        ...more,
      })
    ).sessionId;
  ids.done = await start("Round invoices half up", [
    { text: "I read the code first.", calls: [{ read: "src/round.js" }, { read: "README.md" }] },
    { bash: "node --test no-such-folder" },
    {
      write: {
        path: "src/round.js",
        content: "// Half up, also below zero.\nexport const round = (n) => Math.floor(n + 0.5);\n",
      },
    },
    { write: { path: "test/round.test.js", content: "import test from 'node:test';\n" } },
    { text: ANSWER },
  ]);
  ids.failed = await start("Explain the settlement report", [{ error: { status: 400, message: "scripted refusal" } }]);
  ids.running = await start("Wait for the nightly build", [{ bash: "sleep 900" }, { text: "Done." }], {
    allowedTools: ["Bash(sleep *)"],
  });
  await app.until(ids.done, ["completed"]);
  await app.until(ids.failed, ["failed"]);
  await app.until(ids.running, ["running"]);
});
afterAll(() => all?.[Symbol.asyncDispose]());

/** The page is whole: axe finds nothing serious, nothing sticks out, and it is kept as a picture. */
async function check(page: Page, name: string): Promise<void> {
  // The last bytes of fonts and lazy parts, so that pictures are of the finished page.
  await page.evaluate(() => document.fonts.ready);
  await picture(page, name);
  expect(await seriousFaults(page)).toEqual([]);
  expect(await overflow(page)).toBe(0);
}

for (const { name, ...options } of SCREENS) {
  test(`the list and each kind of session are whole at ${name}`, async () => {
    const page = await all.browser.open(all.app.url, options);
    await page
      .getByRole("link", { name: /^Failed, .*Explain the settlement report/u })
      .first()
      .waitFor();
    await check(page, `list-${name}`);
    await page.goto(`${all.app.url}/sessions/${ids.done}`);
    const talk = page.getByRole("log");
    await talk.getByText("Rounding is half up now, in one place:", { exact: true }).waitFor({ timeout: LONG_MS });
    await talk.getByRole("table").waitFor();
    await check(page, `session-${name}`);
    await page.goto(`${all.app.url}/sessions/${ids.failed}`);
    await talk
      .getByText(/scripted refusal|API error/u)
      .first()
      .waitFor();
    await check(page, `failed-${name}`);
    await page.goto(`${all.app.url}/sessions/${ids.running}`);
    await talk.getByRole("button", { name: /^running, Bash sleep 900/u }).waitFor({ timeout: LONG_MS });
    await check(page, `running-${name}`);
    expect(all.browser.faults).toEqual([]);
  });

  test(`changes, tools, facts and the new-session form are whole at ${name}`, async () => {
    const page = await all.browser.open(`${all.app.url}/sessions/${ids.done}?tab=changes`, options);
    await page.getByRole("tabpanel").getByText("Half up, also below zero.").waitFor();
    await check(page, `changes-${name}`);
    await page.getByRole("tab", { name: /^Tools/u }).click();
    await page
      .getByRole("tabpanel")
      .getByRole("button", { name: /node --test no-such-folder/u })
      .click();
    await page
      .getByRole("tabpanel")
      .getByText(/^(Error|Result)/u)
      .first()
      .waitFor();
    await check(page, `tools-${name}`);
    await page.getByRole("tab", { name: "Facts" }).click();
    await page.getByRole("heading", { name: "Go on in a terminal" }).waitFor();
    await check(page, `facts-${name}`);
    await page.goto(`${all.app.url}/new`);
    await page.getByRole("dialog", { name: /New session/u }).waitFor();
    await page.getByRole("button", { name: /Title, tags, tools/u }).click();
    await page.getByLabel("Allowed tools").first().waitFor();
    await check(page, `new-${name}`);
    expect(all.browser.faults).toEqual([]);
  });
}

for (const { name, ...options } of SCREENS.filter(({ width = 1440 }) => width > 768)) {
  test(`the palette, the keys and the full width are whole at ${name}`, async () => {
    const page = await all.browser.open(`${all.app.url}/sessions/${ids.done}`, options);
    await page.getByRole("tabpanel").getByText("Half up, also below zero.").waitFor();
    await page.keyboard.press("\\");
    await page.getByRole("tab", { name: "Conversation" }).waitFor();
    await check(page, `wide-${name}`);
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: /Keys/u }).waitFor();
    await check(page, `keys-${name}`);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await page.getByRole("dialog").getByText("Round invoices half up").waitFor();
    await check(page, `palette-${name}`);
    expect(all.browser.faults).toEqual([]);
  });
}

test("the list and the details come as drawers where there is no room for them", async () => {
  const page = await all.browser.open(`${all.app.url}/sessions/${ids.done}`, { width: 900 });
  await page.getByRole("log").getByText("Rounding is half up now, in one place:", { exact: true }).waitFor();
  await page.keyboard.press("]");
  await page
    .getByRole("dialog", { name: "Session details" })
    .getByRole("tab", { name: /^Changes/u })
    .waitFor();
  await check(page, "details-900");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await page.keyboard.press("[");
  await page
    .getByRole("dialog", { name: "Sessions" })
    .getByRole("link", { name: /Wait for the nightly build/u })
    .click();
  await page.getByRole("heading", { name: "Wait for the nightly build" }).waitFor();
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  expect(all.browser.faults).toEqual([]);
});

test("everything is reached by keys: the list, a search, the scheme", async () => {
  const page = await all.browser.open(all.app.url);
  await page
    .getByRole("link", { name: /^Failed, .*Explain the settlement report/u })
    .first()
    .waitFor();
  await page.keyboard.press("j");
  await page.getByRole("heading", { name: "Explain the settlement report" }).waitFor();
  await page.keyboard.press("j");
  await page.getByRole("heading", { name: "Wait for the nightly build" }).waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("is:done invoices");
  await page.waitForURL(/status=completed/u);
  const list = page.getByRole("navigation", { name: "Sessions" });
  await list.getByRole("link", { name: /Round invoices half up/u }).waitFor();
  await expect.poll(() => list.getByRole("link").count()).toBe(1);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  const scheme = () => page.evaluate(() => document.documentElement.dataset["mantineColorScheme"]);
  await page.keyboard.press(".");
  expect(await scheme()).toBe("dark");
  await page.reload();
  expect(await scheme()).toBe("dark");
});

test("the console can be installed, and its worker keeps assets only", async () => {
  const page = await all.browser.open(all.app.url);
  const manifest = await (await all.app.fetch("/manifest.webmanifest")).json();
  expect(manifest).toMatchObject({ display: "standalone", start_url: "./" });
  for (const { src } of (manifest as { icons: { src: string }[] }).icons)
    expect((await all.app.fetch(`/${src}`)).status).toBe(200);
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await page.reload();
  await page.getByRole("navigation", { name: "Sessions" }).getByText("Round invoices half up").waitFor();
  const kept = await page.evaluate(async () => {
    const names = await caches.keys();
    const requests = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
    return requests.flat().map((request) => new URL(request.url).pathname);
  });
  expect(kept.length).toBeGreaterThan(0);
  expect(kept.filter((path) => !path.startsWith("/assets/"))).toEqual([]);
});
