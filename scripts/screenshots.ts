import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Browser, chromium, type Page } from "@playwright/test";
import { SessionPage } from "../src/contract/session.ts";

/*
 * Pictures of the dashboard for the documents, taken of a running demo:
 *   node bin/start.mjs scripts/screenshots.ts http://localhost:3001 [folder]
 */

const [url = "http://localhost:3001", folder = "docs/images"] = process.argv.slice(2);
const SESSION = "Fix VAT rounding on invoices";
const SETTLE_MS = 1_500;
const views = [
  { name: "dashboard", width: 1440, height: 900 },
  { name: "phone", width: 375, height: 760 },
] as const;

/** The session the pictures show; it must have ended, so that they look the same every time. */
async function findSessionId(): Promise<string> {
  const response = await fetch(`${url}/api/sessions?limit=200`);
  const { items } = SessionPage.parse(await response.json());
  const session = items.find(({ title, status }) => title === SESSION && status === "completed");
  if (!session) throw new Error(`The session “${SESSION}” has not ended yet; is the demo running?`);
  return session.sessionId;
}

async function openPage(browser: Browser, view: (typeof views)[number], colorScheme: "light" | "dark"): Promise<Page> {
  const { width, height } = view;
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, reducedMotion: "reduce" });
  return context.newPage();
}

const sessionId = await findSessionId();
const target = resolve(folder);
await mkdir(target, { recursive: true });
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
try {
  for (const view of views) {
    for (const scheme of ["light", "dark"] as const) {
      const page = await openPage(browser, view, scheme);
      const suffix = scheme === "dark" ? "-dark" : "";
      for (const [name, path] of [
        [view.name, `/sessions/${sessionId}`],
        [`${view.name}-list`, "/"],
      ] as const) {
        await page.goto(`${url}${path}`);
        await sleep(SETTLE_MS);
        await page.screenshot({ path: join(target, `${name}${suffix}.png`) });
      }
      await page.context().close();
    }
  }
} finally {
  await browser.close();
}
