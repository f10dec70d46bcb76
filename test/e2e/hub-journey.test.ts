import { createHash, randomBytes } from "node:crypto";
import { readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PROJECT_DIR } from "../../src/config.ts";
import { requireChromium, startBrowser, type TestBrowser } from "../support/browser.ts";
import { type DashboardApp, dashboardApp, scripted } from "../support/dashboard-app.ts";
import { temporaryFolder } from "../support/git.ts";
import { startGitHub } from "../support/github-stand-in.ts";
import { type TestHub, testHub } from "../support/hub.ts";
import { setDesired } from "../support/orchestration.ts";
import { bytesDownAndUp, followWorkspace, toldOf } from "./in-page.ts";

const hasChromium = requireChromium();
const DASHBOARD = join(PROJECT_DIR, "dashboard");
/** A browser, a hub, a machine and an agent share the processors here. */
const PATIENCE_MS = 90_000;
const BIG = randomBytes(20_000_000);
/** So that the machine has a route that takes bytes: a mail nobody wrote is refused afterwards, which is no matter here. */
const MAIL = {
  SMTP_HOST: "127.0.0.1",
  SMTP_PORT: "9",
  EMAIL_FROM: "claude@orch.test",
  EMAIL_ALLOWED_SENDERS: "a@b.test",
};

const parts = new AsyncDisposableStack();
let hub: TestHub;
let browser: TestBrowser;
let dashboardDir: string;

/** The built dashboard with a large file beside it. */
async function dashboardWith(name: string, content: Buffer): Promise<string> {
  const { path } = parts.use(await temporaryFolder());
  for (const file of await readdir(join(DASHBOARD, "public")))
    await symlink(join(DASHBOARD, "dist", file), join(path, file));
  for (const file of ["index.html", "assets"]) await symlink(join(DASHBOARD, "dist", file), join(path, file));
  await writeFile(join(path, name), content);
  return path;
}

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
  browser = parts.use(await startBrowser());
  dashboardDir = await dashboardWith("sample.bin", BIG);
});
afterAll(() => parts.disposeAsync());

/** Signs in and makes a token; what the page says is to stand in the machine's environment. */
async function signInAndAddMachine(page: Page): Promise<Record<string, string>> {
  await page.getByRole("link", { name: "Sign in with GitHub" }).click();
  await page.getByRole("heading", { name: "No machine yet" }).waitFor();
  await page.getByText("octocat").waitFor();
  await page.getByRole("button", { name: "Add machine" }).click();
  await page.getByRole("textbox", { name: "Name of its token" }).fill("workshop");
  await page.getByRole("button", { name: "Make token" }).click();
  const lines = await page.getByRole("dialog").locator("pre").innerText();
  await page.getByRole("button", { name: "Done" }).click();
  return Object.fromEntries(
    lines
      .trim()
      .split("\n")
      .map((line) => line.split("=", 2) as [string, string]),
  );
}

async function startSessionAndSeeItEnd(page: Page, machine: DashboardApp): Promise<void> {
  await page.goto(new URL("/new", page.url()).href);
  await page
    .getByRole("textbox", { name: "Prompt" })
    .fill(scripted("Through the hub", [{ bash: "sleep 1" }, { text: "Seen from afar." }]));
  await page.getByRole("button", { name: "Worktree" }).click();
  await page.getByRole("textbox", { name: "Folder on the server" }).fill(machine.repository);
  await page.getByRole("button", { name: /Start session/u }).click();
  await page.getByRole("log").getByText("Seen from afar.", { exact: true }).waitFor();
  await page
    .getByRole("log")
    .getByText(/^run 1 done/u)
    .waitFor();
}

/** What the page's own feed was answered, each time it was opened. */
function feedsOf(page: Page): { origin: string; type: string | undefined }[] {
  const feeds: { origin: string; type: string | undefined }[] = [];
  page.on("response", (response) => {
    const { origin, pathname } = new URL(response.url());
    if (pathname === "/api/events") feeds.push({ origin, type: response.headers()["content-type"] });
  });
  return feeds;
}

test("somebody signs in, adds a machine, opens it at its own origin and sees a session end; events, a WebSocket and 20 MB pass there", async () => {
  const page = await browser.open(`http://localhost:${hub.port}/dashboard`);
  page.setDefaultTimeout(PATIENCE_MS);
  const feeds = feedsOf(page);
  const variables = await signInAndAddMachine(page);
  await using machine = await dashboardApp({ ...MAIL, ...variables }, { dashboardDir });
  await page.getByRole("link", { name: / Idle / }).click();
  await page.getByRole("link", { name: "Open dashboard" }).click();
  await page.waitForURL(/^http:\/\/m[\da-z]{15}\.localhost:/u);
  const { origin } = new URL(page.url());
  // The hub's cookie stays at the hub: a machine sees only who its hub says is there.
  expect((await page.context().cookies(page.url())).map(({ name }) => name)).not.toContain("hub");

  await startSessionAndSeeItEnd(page, machine);
  // It was told of all that: had the feed been lost, the page would say that it polls.
  await page.getByRole("contentinfo").getByText("live", { exact: true }).waitFor();
  expect(new Set(feeds.map((feed) => JSON.stringify(feed)))).toEqual(
    new Set([JSON.stringify({ origin, type: "text/event-stream; charset=utf-8" })]),
  );

  await page.evaluate(followWorkspace, "acme/web");
  // Somebody else, at the machine's own door.
  await setDesired(machine.app.url, "acme/web", 3);
  await expect
    .poll(() => page.evaluate(toldOf, "orchestration.workspace"), { timeout: PATIENCE_MS })
    .toContainEqual(expect.objectContaining({ workspace_id: "acme/web", desired: 3 }));

  const sha256 = createHash("sha256").update(BIG).digest("hex");
  expect(await page.evaluate(bytesDownAndUp, { from: "/sample.bin", to: "/api/inbound/email" })).toEqual({
    sha256,
    size: BIG.length,
    type: "application/octet-stream",
    part: { status: 206, size: 1_000 },
    // The machine names a mail without a name of its own by what it read.
    upload: { status: 202, answer: { status: "received", messageId: `<${sha256}@no-message-id.invalid>` } },
  });
  expect(browser.faults).toEqual([]);
}, 300_000);
