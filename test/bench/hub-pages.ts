import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Browser, type BrowserContext, chromium, type Page } from "@playwright/test";
import { type BenchHub, openBenchHub } from "./bench-hub.ts";
import { loadNow } from "./bench-server.ts";
import type { LightMachine } from "./light-machine.ts";
import { openFleet } from "./machine-fleet.ts";
import { percentile } from "./percentile.ts";
import { waitForQuiet } from "./quiet-machine.ts";

/**
 * How soon the hub's page of machines is painted, and how soon it shows a change: node test/bench/hub-pages.ts
 *   --machines 3,100  connected, one row each
 *   --loads 15        of the page, cold (a profile of its own) and warm (the same one again)
 *   --changes 60      one after the other, told by a machine
 *   --quiet 60        waits so many seconds for a machine that does nothing else
 * The dashboard must be built.
 */
const { values } = parseArgs({
  options: {
    machines: { type: "string", default: "3,100" },
    loads: { type: "string", default: "15" },
    changes: { type: "string", default: "60" },
    quiet: { type: "string", default: "3" },
  },
});
const GAP_MS = 150;
const CARD = "a[data-state]";
/** Strings, because they run in the page: first paint of anything, and when all machines were there and painted. */
const PAINTED = `new Promise((resolve) => {
  const look = () => {
    const [paint] = performance.getEntriesByName("first-contentful-paint");
    paint ? resolve(paint.startTime) : requestAnimationFrame(look);
  };
  look();
})`;
const LISTED = (count: number): string => `new Promise((resolve) => {
  const look = () =>
    document.querySelectorAll("${CARD}").length >= ${count} ? resolve(performance.now()) : requestAnimationFrame(look);
  look();
})`;
/** Keeps when a machine's words changed, and when the next frame was drawn; in milliseconds since 1970. */
const WATCH = `(() => {
  window.seen = {};
  const now = () => performance.timeOrigin + performance.now();
  new MutationObserver((changes) => {
    for (const { target } of changes) {
      const card = target.closest?.("${CARD}") ?? target.parentElement?.closest("${CARD}");
      if (!card) continue;
      const key = card.querySelector("b").textContent + " " + card.dataset.state;
      const changed = now();
      window.seen[key] ??= { changed };
      requestAnimationFrame(() => setTimeout(() => (window.seen[key].painted ??= now())));
    }
  }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
})()`;

const SEEN = (key: string): string => `new Promise((resolve) => {
  const look = () => {
    const one = window.seen[${JSON.stringify(key)}];
    one?.painted === undefined ? setTimeout(look, 10) : resolve(one);
  };
  look();
})`;

const clock = (): number => performance.timeOrigin + performance.now();
const shares = (times: readonly number[]): string =>
  [0.5, 0.95].map((share) => percentile(times, share).toFixed(0)).join(" / ");

async function load(context: BrowserContext, hub: BenchHub, count: number) {
  const page = await context.newPage();
  await page.goto(`http://localhost:${hub.port}/dashboard`);
  const painted = await page.evaluate<number>(PAINTED);
  const listed = await page.evaluate<number>(LISTED(count));
  await page.close();
  return { painted, listed };
}

async function timeLoads(browser: Browser, hub: BenchHub, count: number): Promise<string[]> {
  const cold: Awaited<ReturnType<typeof load>>[] = [];
  const warm: typeof cold = [];
  for (let nth = 0; nth < Number(values.loads); nth++) {
    const context = await browser.newContext();
    cold.push(await load(context, hub, count));
    warm.push(await load(context, hub, count));
    await context.close();
  }
  const row = (name: string, all: typeof cold) =>
    `${name}: first contentful paint ${shares(all.map(({ painted }) => painted))} ms, all machines in the page ` +
    `${shares(all.map(({ listed }) => listed))} ms (p50 / p95, n = ${all.length})`;
  return [row("cold", cold), row("warm", warm)];
}

/** From the machine's frame to the changed words, and to the frame that shows them. */
async function timeChanges(page: Page, machines: readonly LightMachine[]): Promise<string> {
  await page.evaluate(WATCH);
  const [changed, painted]: [number[], number[]] = [[], []];
  for (let nth = 0; nth < Number(values.changes); nth++) {
    const machine = machines[nth % machines.length];
    if (!machine) throw new Error("no machine");
    const status = Math.floor(nth / machines.length) % 2 === 0 ? "busy" : "idle";
    await page.evaluate("window.seen = {}");
    const begun = clock();
    machine.report(status);
    const seen = await page.evaluate<{ changed: number; painted: number }>(SEEN(`${machine.name} ${status}`));
    changed.push(seen.changed - begun);
    painted.push(seen.painted - begun);
    await sleep(Math.random() * GAP_MS);
  }
  return `a change: words ${shares(changed)} ms, drawn ${shares(painted)} ms (p50 / p95, n = ${changed.length})`;
}

await waitForQuiet(Number(values.quiet) * 1_000);
console.log(`${cpus().length} cores, ${loadNow()}, Node ${process.version}`);
await using hub = await openBenchHub();
await using fleet = await openFleet(hub);
await using parts = new AsyncDisposableStack();
const browser = await chromium.launch({
  executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
parts.defer(() => browser.close());
for (const count of values.machines.split(",").map(Number)) {
  await fleet.growTo(count);
  for (const line of await timeLoads(browser, hub, count)) console.log(`${count} machines, ${line}, ${loadNow()}`);
  const page = await browser.newPage();
  await page.goto(`http://localhost:${hub.port}/dashboard`);
  await page.evaluate<number>(LISTED(count));
  // The socket opens after the list is there.
  await page.getByText("live", { exact: true }).first().waitFor();
  console.log(`${count} machines, ${await timeChanges(page, fleet.machines)}, ${loadNow()}`);
  await page.close();
}
