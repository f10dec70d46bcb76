import { setTimeout as sleep } from "node:timers/promises";
import { type Browser, chromium } from "@playwright/test";
import { z } from "zod";

/*
 * The picture of the hub's page in docs/hub.md, taken of a fresh hub that runs; its machines are played here:
 *   claude-orchestrator hub   # DATA_DIR=… an empty folder
 *   node bin/start.mjs scripts/hub-picture.ts http://localhost:3100 docs/images/hub.png
 */

const [url = "http://localhost:3100", file = "docs/images/hub.png"] = process.argv.slice(2);
const SETTLE_MS = 1_500;
const MACHINES = [
  { name: "build-01.fernhill.example", project: "/srv/ledger", status: "busy" },
  { name: "build-02.fernhill.example", project: "/srv/ledger", status: "busy" },
  { name: "ada-laptop", project: "/home/ada/pos-terminal", status: "active" },
  { name: "staging", project: "/srv/web", status: "idle" },
  { name: "docs-runner", project: "/srv/handbook", status: "idle" },
] as const;
const AWAY = { name: "mini-in-the-office", project: "/Users/lin/invoices" };

async function makeToken(name: string): Promise<string> {
  const response = await fetch(`${url}/api/tokens`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name }),
  });
  return z.object({ token: z.string() }).parse(await response.json()).token;
}

/** A machine that says of itself what it is told to. */
async function connect({ name, project }: { name: string; project: string }): Promise<WebSocket> {
  const address = `${url.replace(/^http/u, "ws")}/ws/connect?token=${await makeToken(name)}&client_id=${name}`;
  const socket = new WebSocket(address);
  await new Promise((resolve) => socket.addEventListener("open", resolve, { once: true }));
  const registered = new Promise((resolve) => socket.addEventListener("message", resolve, { once: true }));
  const about = { hostname: name, project, status: "idle", version: "0.1.0", platform: "linux" };
  const metadata = { ...about, capabilities: ["tunnel-1", "reports-1"] };
  socket.send(JSON.stringify({ type: "register", client_id: name, user_token: "", metadata }));
  await registered;
  return socket;
}

async function takePicture(browser: Browser): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 760 }, reducedMotion: "reduce" });
  await page.goto(`${url}/dashboard`);
  await page.getByRole("link", { name: /^build-01.* Busy/u }).click();
  await page.getByRole("region", { name: "Activity" }).getByText("rate limit").waitFor();
  await sleep(SETTLE_MS);
  await page.screenshot({ path: file });
}

const sockets: WebSocket[] = [];
for (const machine of MACHINES) {
  const { name, status } = machine;
  const socket = await connect(machine);
  sockets.push(socket);
  const say = (frame: object) => socket.send(JSON.stringify({ client_id: name, ...frame }));
  if (status !== "idle") say({ type: "status_update", status: "active" });
  if (name === MACHINES[0].name) {
    const message = "run waits: the model answered with a rate limit, next try in 20 s";
    say({ type: "report", level: "warning", message, at: new Date().toISOString() });
  }
  if (status === "busy") say({ type: "status_update", status });
}
(await connect(AWAY)).close();
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
try {
  await takePicture(browser);
} finally {
  await browser.close();
  for (const socket of sockets) socket.close();
}
