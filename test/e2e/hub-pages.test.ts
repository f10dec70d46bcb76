import { afterAll, beforeAll, expect, test } from "vitest";
import {
  overflow,
  picture,
  requireChromium,
  seriousFaults,
  startBrowser,
  type TestBrowser,
} from "../support/browser.ts";
import { type TestHub, testHub, type TestSocket } from "../support/hub.ts";

const hasChromium = requireChromium();
let hub: TestHub;
let browser: TestBrowser;
const sockets: TestSocket[] = [];

beforeAll(async () => {
  if (!hasChromium) return;
  browser = await startBrowser();
  hub = await testHub();
});
afterAll(async () => {
  for (const socket of sockets) await socket[Symbol.asyncDispose]();
  await hub?.[Symbol.asyncDispose]();
  await browser?.[Symbol.asyncDispose]();
});

/** A machine that says of itself what it is told to. */
async function connect(token: string, hostname: string, metadata: object = {}): Promise<TestSocket> {
  const socket = await hub.socket(`/ws/connect?token=${token}&client_id=${hostname}`);
  sockets.push(socket);
  const about = { hostname, project: "/srv/ledger", status: "idle", platform: "linux", version: "0.1.0", ...metadata };
  socket.send({ type: "register", client_id: hostname, user_token: null, metadata: about });
  await socket.frame("registered");
  return socket;
}

const home = () => `http://localhost:${hub.port}/dashboard`;

test("a first visitor is led to a token, and the machine that uses it is on the page by itself", async () => {
  const page = await browser.open(home());
  await page.getByRole("heading", { name: "No machine yet" }).waitFor();
  expect(await seriousFaults(page)).toEqual([]);
  await picture(page, "hub-empty");
  await page.keyboard.press("n");
  await page.getByRole("textbox", { name: "Name of its token" }).fill("build-01");
  await page.getByRole("button", { name: "Make token" }).click();
  const lines = await page.getByRole("dialog").locator("pre").innerText();
  expect(lines).toContain(`ORCHESTRATOR_URL=ws://localhost:${hub.port}/ws/connect`);
  await picture(page, "hub-token");
  const token = /ORCHESTRATOR_TOKEN=(ao_\S+)/u.exec(lines)?.[1] ?? "";
  await page.getByRole("button", { name: "Done" }).click();
  const machine = await connect(token, "build-01");
  const card = page.getByRole("link", { name: /^build-01 / });
  await page.getByRole("link", { name: /^build-01 Idle/u }).waitFor();
  machine.send({ type: "status_update", client_id: "build-01", status: "busy" });
  await page.getByRole("link", { name: /^build-01 Busy/u }).waitFor();
  await card.click();
  await page.getByRole("region", { name: "Activity" }).getByText("idle → busy").waitFor();
  machine.socket.close();
  await page.getByRole("link", { name: /^build-01 Offline/u }).waitFor();
  expect(browser.faults).toEqual([]);
});

test("a token that is revoked on the page closes its machine's socket, and a machine is sent away from its panel", async () => {
  const [first, second] = [await hub.token("revoked"), await hub.token("sent away")];
  const revoked = await connect(first, "laptop");
  const sent = await connect(second, "runner");
  const page = await browser.open(home());
  await page.getByRole("link", { name: /^laptop Idle/u }).waitFor();
  const row = page.getByRole("row", { name: /revoked/u }).filter({ hasText: "Revoke" });
  await row.getByRole("button").click();
  await page.getByRole("button", { name: "Revoke now revoked" }).click();
  await revoked.untilClosed();
  await page.getByRole("link", { name: /^laptop Offline/u }).waitFor();
  await page.getByRole("link", { name: /^runner Idle/u }).click();
  await page.getByRole("button", { name: "Disconnect", exact: true }).click();
  await page.getByText("It stays away until it is started again.").waitFor();
  await page.getByRole("button", { name: "Disconnect now" }).click();
  expect(await sent.frame("command")).toMatchObject({ command: "disconnect" });
  expect(browser.faults).toEqual([]);
});

test.each([
  ["light", 1440],
  ["dark", 1440],
  ["light", 375],
  ["dark", 375],
] as const)("machines keep their place on a %s screen of %i", async (scheme, width) => {
  const token = await hub.token(`screen ${scheme} ${width}`);
  const long = "a-machine-with-a-name-that-is-rather-long-for-any-card.build.example.internal";
  const machine = await connect(token, long, { project: `/srv/${"deeply/".repeat(12)}nested` });
  await connect(token, "quiet");
  machine.send({ type: "status_update", client_id: long, status: "active" });
  machine.send({ type: "error", client_id: long, message: `the disk is full: ${"x".repeat(200)}` });
  const page = await browser.open(home(), { scheme, width });
  await page
    .getByRole("link", { name: /^a-machine.* Active/u })
    .first()
    .waitFor();
  expect(await overflow(page)).toBeLessThanOrEqual(0);
  expect(await seriousFaults(page)).toEqual([]);
  await picture(page, `hub-${scheme}-${width}`);
  await page
    .getByRole("link", { name: /^a-machine.* Active/u })
    .first()
    .click();
  await page.getByRole("region", { name: "Activity" }).getByText("the disk is full").waitFor();
  expect(await overflow(page)).toBeLessThanOrEqual(0);
  expect(await seriousFaults(page)).toEqual([]);
  await picture(page, `hub-machine-${scheme}-${width}`);
  await page.keyboard.press("Escape");
  await page.waitForURL(home());
  expect(browser.faults).toEqual([]);
});
