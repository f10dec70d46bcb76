import { afterAll, beforeAll, expect, test } from "vitest";
import {
  overflow,
  type PageOptions,
  picture,
  requireChromium,
  seriousFaults,
  startBrowser,
  type TestBrowser,
} from "../support/browser.ts";
import { type TestHub, testHub, type TestSocket } from "../support/hub.ts";

const hasChromium = requireChromium();
const SCREENS: readonly (PageOptions & { name: string })[] = [
  { name: "1440-light" },
  { name: "1440-dark", scheme: "dark" },
  { name: "375-light", width: 375, height: 812 },
  { name: "375-dark", width: 375, height: 812, scheme: "dark" },
];

let hub: TestHub;
let browser: TestBrowser;
const machines = new Map<string, TestSocket>();

beforeAll(async () => {
  if (!hasChromium) return;
  browser = await startBrowser();
  hub = await testHub();
  for (const name of ["build-01", "build-02", "laptop"]) {
    const socket = await hub.socket(`/ws/connect?token=${await hub.token(name)}&client_id=${name}`);
    machines.set(name, socket);
    const metadata = { hostname: name, project: "/srv/ledger", status: "idle", platform: "linux", version: "0.1.0" };
    socket.send({ type: "register", client_id: name, user_token: null, metadata });
    await socket.frame("registered");
  }
});
afterAll(async () => {
  for (const socket of machines.values()) await socket[Symbol.asyncDispose]();
  await hub?.[Symbol.asyncDispose]();
  await browser?.[Symbol.asyncDispose]();
});

const says = (name: string, running: number, desired: number, status = "idle") =>
  machines.get(name)?.send({ type: "status_update", client_id: name, status, orchestration: { running, desired } });

test("what machines run and should run is on their cards and summed in the head, live, without those that left", async () => {
  const page = await browser.open(`http://localhost:${hub.port}/dashboard`);
  await page.getByText("3 known, 3 connected").waitFor();
  says("build-01", 2, 5, "busy");
  await page.getByRole("link", { name: /^build-01 Busy .*2 running, 5 desired/u }).waitFor();
  const head = page.getByTitle("Over your own machines that are connected");
  await head.getByText("2 running, 5 desired", { exact: true }).waitFor();
  says("build-02", 1, 1);
  await head.getByText("3 running, 6 desired", { exact: true }).waitFor();
  // Nothing but the number changes.
  says("build-02", 1, 1204);
  await head.getByText("3 running, 1\u2009209 desired", { exact: true }).waitFor();
  for (const { name, ...options } of SCREENS) {
    const screen = await browser.open(`http://localhost:${hub.port}/dashboard`, options);
    await screen.getByRole("link", { name: /^build-01 Busy .*2 running, 5 desired/u }).waitFor();
    await screen.evaluate(() => document.fonts.ready);
    await picture(screen, `hub-totals-${name}`);
    expect(await seriousFaults(screen)).toEqual([]);
    expect(await overflow(screen)).toBe(0);
  }
  machines.get("build-02")?.socket.close();
  await page.getByRole("link", { name: /^build-02 Offline/u }).waitFor();
  await head.getByText("2 running, 5 desired", { exact: true }).waitFor();
  await page.getByRole("link", { name: /^build-01/u }).click();
  await page.getByRole("complementary", { name: "Machine" }).getByText("2 running, 5 desired").waitFor();
  expect(browser.faults).toEqual([]);
});
