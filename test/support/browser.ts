import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { type Browser, type BrowserContext, chromium, type Page } from "@playwright/test";
import { buildDashboard } from "../../src/cli/build-dashboard.ts";
import { PROJECT_DIR } from "../../src/config.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { requirePeer } from "./peers.ts";

const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const PICTURES = join(PROJECT_DIR, "test-results", "dashboard");
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-default-apps",
  "--disable-sync",
  "--no-first-run",
];

/** Declares that a test file needs a browser; without it its tests say so and are skipped. */
export const requireChromium = (): boolean => requirePeer("Chromium", existsSync(CHROMIUM), "apt-get install chromium");

export interface PageOptions {
  width?: number;
  height?: number;
  scheme?: "light" | "dark";
  /** For `page.route`: what a page with a service worker asks for passes it by. */
  intercepts?: boolean;
}

export interface TestBrowser extends AsyncDisposable {
  /** A page in a profile of its own. Errors of the page itself end up in `faults`. */
  open(url: string, options?: PageOptions): Promise<Page>;
  faults: string[];
}

function watch(page: Page, faults: string[]): void {
  page.on("response", (response) => {
    // A person may fill a form in wrongly; what a page reads by itself it has to ask for correctly.
    if (response.status() === 400 && response.request().method() === "GET") faults.push(`400 ${response.url()}`);
  });
  page.on("pageerror", (error) => faults.push(`${page.url()}: ${error.message}`));
  page.on("console", (message) => {
    // Chromium writes every failed request there; what a page makes of one is its own business.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      faults.push(message.text());
  });
}

/** The built dashboard's browser. */
export async function startBrowser(): Promise<TestBrowser> {
  await buildDashboard(join(PROJECT_DIR, "dashboard", "dist"), createLogger("silent"));
  const browser: Browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  const contexts: BrowserContext[] = [];
  const faults: string[] = [];
  return {
    faults,
    async open(url, { width = 1440, height = 900, scheme = "light", intercepts = false } = {}) {
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme: scheme,
        reducedMotion: "reduce",
        permissions: ["clipboard-read", "clipboard-write"],
        serviceWorkers: intercepts ? "block" : "allow",
      });
      contexts.push(context);
      const page = await context.newPage();
      watch(page, faults);
      await page.goto(url);
      return page;
    },
    async [Symbol.asyncDispose]() {
      for (const context of contexts) await context.close();
      await browser.close();
    },
  };
}

/** What axe finds that would keep somebody from using the page, one line each. */
export async function seriousFaults(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary?.slice(0, 200)}`),
    );
}

/** Whether anything of the page lies outside its width, for narrow screens. */
export const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** Keeps a picture of the page for people to look at. */
export async function picture(page: Page, name: string): Promise<void> {
  await mkdir(PICTURES, { recursive: true });
  await page.screenshot({ path: join(PICTURES, `${name}.png`) });
}
