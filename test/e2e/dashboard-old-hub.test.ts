import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testApp, type TestApp } from "../support/app.ts";
import { requireChromium, startBrowser, type TestBrowser } from "../support/browser.ts";
import { type HubStandIn, startHubStandIn } from "../support/hub-stand-in.ts";

const hasChromium = requireChromium();
const BASE = "/clients/test-machine/proxy";
let hub: HubStandIn;
let app: TestApp;
let browser: TestBrowser;
const front = createServer((req, res) => void relay(req, res));

/** What an existing hub does with a browser's request: every answer below 400 becomes 200, base64 stays what it is. */
async function relay(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const url = new URL(req.url ?? "/", "http://x");
  if (!url.pathname.startsWith(BASE)) return void res.writeHead(404).end();
  const machine = await hub.machine(0);
  const request_id = randomBytes(16).toString("hex");
  const isRead = req.method === "GET" || req.method === "HEAD";
  machine.send({
    type: "http_proxy_request",
    request_id,
    method: req.method,
    path: url.pathname.slice(BASE.length) || "/",
    headers: [
      ...Object.entries(req.headers).map(([name, value]) => [name, String(value)]),
      ["X-Orchestrator-User-Id", "42"],
      ["X-Orchestrator-Username", "octocat"],
    ],
    ...(!isRead && { body: await text(req) }),
    ...(url.search !== "" && { query: url.search.slice(1) }),
    proxy_base: BASE,
  });
  const answer = await machine.frame("http_proxy_response", (frame) => frame["request_id"] === request_id);
  const status = Number(answer["status"]);
  for (const [name, value] of answer["headers"] as [string, string][]) res.setHeader(name, value);
  res.writeHead(status >= 400 ? status : 200).end(String(answer["body"]));
}

beforeAll(async () => {
  if (!hasChromium) return;
  hub = await startHubStandIn();
  browser = await startBrowser();
  app = await testApp({
    ORCHESTRATOR_MODE: "client",
    ORCHESTRATOR_URL: hub.url,
    ORCHESTRATOR_TOKEN: "ao_0123456789abcdef_0123",
    ORCHESTRATOR_CLIENT_ID: "test-machine",
  });
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
});
afterAll(async () => {
  if (!hasChromium) return;
  await browser[Symbol.asyncDispose]();
  front.close();
  front.closeAllConnections();
  await app[Symbol.asyncDispose]();
  await hub[Symbol.asyncDispose]();
});

test("through an older hub the whole dashboard works below its path, by polling", async () => {
  const { port } = front.address() as AddressInfo;
  const page = await browser.open(`http://127.0.0.1:${port}${BASE}/`);
  await page.getByRole("heading", { name: /^Ready/u }).waitFor();
  await page.getByText("hub connected").waitFor();
  await page.getByText(/polling every 3 s/u).waitFor();
  const { sessionId } = await app.start({
    projectType: "local",
    projectPath: app.folder,
    initialPrompt: "hello from afar",
    title: "Seen from afar",
  });
  await page.getByRole("navigation", { name: "Sessions" }).getByText("Seen from afar").click();
  expect(new URL(page.url()).pathname).toBe(`${BASE}/sessions/${sessionId}`);
  await page.getByText("hello from afar").first().waitFor();
  await app.until(sessionId, ["completed"]);
  await page.reload();
  await page.getByText("hello from afar").first().waitFor();
  expect(browser.faults).toEqual([]);
});
