import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SessionPage } from "../../src/contract/session.ts";
import { temporaryFolder } from "../support/git.ts";
import { apiOf } from "../support/server-process.ts";

const ROOT = resolve(import.meta.dirname, "../..");

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

/** Processes that have this folder anywhere in their environment or command line. */
function processesIn(path: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false;
    try {
      return ["environ", "cmdline"].some((file) => readFileSync(`/proc/${pid}/${file}`, "utf8").includes(path));
    } catch {
      return false;
    }
  });
}

test("the demo plays its sessions through the real CLI, and leaves no process and no file behind", async () => {
  // TMPDIR is where the demo makes its folder, so this test sees all that it leaves.
  const env = { PATH: process.env["PATH"] ?? "", HOME: folder.path, TMPDIR: folder.path };
  const demo = spawn(process.execPath, ["bin/start.mjs", "demo/main.ts"], {
    cwd: ROOT,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(demo, "close") as Promise<[number | null]>;
  let said = "";
  for (const output of [demo.stdout, demo.stderr])
    output.setEncoding("utf8").on("data", (text: string) => (said += text));
  const address = () => /http:\/\/localhost:\d+/.exec(said)?.[0];
  await expect.poll(address, { timeout: 90_000 }).toBeDefined();
  const server = { url: address() ?? "", log: () => said };

  const outcomes = async () => {
    const { items } = await apiOf(server).request(SessionPage, "/api/sessions?limit=50");
    return Object.fromEntries(
      items.map(({ title, status, lastReason, runCount }) => [title, [status, lastReason, runCount]]),
    );
  };
  await expect.poll(outcomes, { timeout: 150_000, interval: 500 }).toMatchObject({
    "Fix VAT rounding on invoices": ["completed", "success", 1],
    "CSV export for the orders page": ["completed", "success", 3],
    "Why did last night's import stop?": ["completed", "success", 1],
    "Are the billing tests green?": ["completed", "success", 1],
    "Weekly dependency review": ["completed", "success", 1],
    "Move the cron scripts to systemd timers": ["failed", "max_turns", 1],
    "Soak-test the search index": ["running", null, 1],
    "Write a proper README for search": ["created", null, 1],
  });
  expect((await fetch(server.url)).status, "the dashboard is there").toBe(200);
  expect(processesIn(folder.path).length).toBeGreaterThan(0);

  demo.kill("SIGINT");
  const [code] = await ended;
  expect([code, said.includes('"level":50')]).toEqual([0, false]);
  await expect.poll(() => processesIn(folder.path), { timeout: 5_000 }).toEqual([]);
  const left = readdirSync(folder.path).filter((name) => name.startsWith("orchestrator-"));
  expect(left).toEqual([]);
}, 300_000);
