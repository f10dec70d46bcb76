import { afterAll, beforeAll, expect, test } from "vitest";
import { requireChromium } from "../support/browser.ts";
import { type DashboardApp, dashboardApp, scripted } from "../support/dashboard-app.ts";
import { startGitHub } from "../support/github-stand-in.ts";
import { type TestHub, testHub } from "../support/hub.ts";

const hasChromium = requireChromium();
const parts = new AsyncDisposableStack();
let hub: TestHub;
let all: DashboardApp;

/** The token is made by whoever runs the hub, for somebody who has signed in once. */
beforeAll(async () => {
  if (!hasChromium) return;
  const github = parts.use(await startGitHub());
  github.add({ id: 1, login: "octocat", orgs: ["acme"], teams: [] });
  const settings = {
    clientId: "client-id",
    clientSecret: "client-secret",
    url: github.url,
    apiUrl: `${github.url}/api/v3`,
  };
  hub = parts.use(await testHub({ github: settings, allowed: { users: ["octocat"], orgs: [], teams: [] } }));
  all = parts.use(await dashboardApp());
});
afterAll(() => parts.disposeAsync());

test("somebody signs in with GitHub, adds a machine, opens its dashboard at its own origin, starts a session and sees it end", async () => {
  const { browser } = all;
  const page = await browser.open(`http://localhost:${hub.port}/dashboard`);
  await page.getByRole("link", { name: "Sign in with GitHub" }).click();
  await page.getByRole("heading", { name: "No machine yet" }).waitFor();
  await page.getByText("octocat").waitFor();
  await page.getByRole("button", { name: "Add machine" }).click();
  await page.getByRole("textbox", { name: "Name of its token" }).fill("workshop");
  await page.getByRole("button", { name: "Make token" }).click();
  const lines = await page.getByRole("dialog").locator("pre").innerText();
  const variables = Object.fromEntries(
    lines
      .trim()
      .split("\n")
      .map((line) => line.split("=", 2) as [string, string]),
  );
  await page.getByRole("button", { name: "Done" }).click();

  await using machine = await dashboardApp(variables);
  await page.getByRole("link", { name: / Idle / }).click();
  await page.getByRole("link", { name: "Open dashboard" }).click();
  await page.waitForURL(/^http:\/\/m[\da-z]{15}\.localhost:/u);
  // The hub's cookie stays at the hub: a machine sees only who its hub says is there.
  expect((await page.context().cookies(page.url())).map(({ name }) => name)).not.toContain("hub");

  await page.goto(new URL("/new", page.url()).href);
  await page
    .getByRole("textbox", { name: "Prompt" })
    .fill(scripted("Through the hub", [{ bash: "sleep 1" }, { text: "Seen from afar." }]));
  await page.getByRole("button", { name: "Worktree" }).click();
  await page.getByRole("textbox", { name: "Folder on the server" }).fill(machine.repository);
  await page.getByRole("button", { name: /Start session/u }).click();
  await page.getByRole("log").getByText("Seen from afar.", { exact: true }).waitFor({ timeout: 40_000 });
  await page
    .getByRole("log")
    .getByText(/^run 1 done/u)
    .waitFor();
  expect(browser.faults).toEqual([]);
}, 120_000);
