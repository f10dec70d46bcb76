import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { requireChromium, seriousFaults } from "../support/browser.ts";
import { type DashboardApp, dashboardApp } from "../support/dashboard-app.ts";

const run = promisify(execFile);
const hasChromium = requireChromium();
const KEY = "a-key-of-some-length-0123";
let all: DashboardApp;

beforeAll(async () => {
  // No network in tests: what the page offers is a repository of github.com.
  if (hasChromium) all = await dashboardApp({ GITHUB_URL: "http://127.0.0.1:9" });
});
afterAll(() => all?.[Symbol.asyncDispose]());

test("the curl line of the first page starts a session as it stands, and the page gives way to it", async () => {
  const page = await all.browser.open(all.app.url);
  await page.getByRole("heading", { name: "Ready. Start the first session." }).waitFor();
  await page.getByText("nothing received yet").waitFor();
  expect(await seriousFaults(page)).toEqual([]);
  await page.getByRole("button", { name: "Copy the curl command" }).click();
  const curl = await page.evaluate(() => navigator.clipboard.readText());
  expect(curl).toContain(all.app.url);
  const { stdout } = await run("sh", ["-c", curl]);
  expect(JSON.parse(stdout)).toMatchObject({ status: "created", githubRepo: "octocat/Hello-World" });
  await page.getByRole("navigation", { name: "Sessions" }).getByText("Explain this repository").waitFor();
  await expect.poll(() => page.getByRole("heading", { name: /^Ready/u }).count()).toBe(0);
  expect(all.browser.faults).toEqual([]);
});

test("Claude started by hand elsewhere is on the page with its first hook, as observed", async () => {
  const page = await all.browser.open(all.app.url);
  const hook = {
    hook_event_name: "SessionStart",
    session_id: randomUUID(),
    source: "startup",
    cwd: "/home/ada/ledger",
  };
  await all.app.fetch("/api/hooks", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(hook),
  });
  await page.getByRole("navigation", { name: "Sessions" }).getByText("ledger").first().click();
  await page.getByRole("main").getByText("Observed", { exact: true }).waitFor();
  expect(await page.getByRole("button", { name: "Stop" }).count()).toBe(0);
});

test("a wrong repository is told under its field, and the field has the focus", async () => {
  const page = await all.browser.open(`${all.app.url}/new`);
  const field = page.getByRole("combobox", { name: "Repository" });
  await field.fill("not a repository");
  await page.getByRole("button", { name: /Start session/u }).click();
  await expect.poll(() => field.getAttribute("aria-invalid")).toBe("true");
  await expect.poll(() => field.evaluate((element) => element === document.activeElement)).toBe(true);
  expect(await seriousFaults(page)).toEqual([]);
});

test("with a key the page asks for it, refuses a wrong one and opens with the right one", async () => {
  await using other = await dashboardApp({ API_KEY: KEY, API_HOST: "0.0.0.0", ALLOWED_HOSTS: "127.0.0.1" });
  const page = await other.browser.open(other.app.url.replace("0.0.0.0", "127.0.0.1"));
  const field = page.getByLabel("API key");
  await field.fill("wrong-key-wrong-key");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("The server does not know this key.").waitFor();
  expect(await seriousFaults(page)).toEqual([]);
  await field.fill(KEY);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Ready. Start the first session." }).waitFor();
  await page.getByText("live", { exact: true }).waitFor();
});
