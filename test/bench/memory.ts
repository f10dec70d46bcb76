import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Session } from "../../src/contract/session.ts";
import { apiOf } from "../support/server-process.ts";
import { footprint, loadNow, openBenchPlace } from "./bench-server.ts";

/**
 * What a server occupies, idle and with more of what it serves: node test/bench/memory.ts
 *   --settle 10    seconds of rest before each look
 *   --runs 5       runs that are carried out, to see that all they opened is closed again
 */
const { values } = parseArgs({
  options: { settle: { type: "string", default: "10" }, runs: { type: "string", default: "5" } },
});
const settleMs = Number(values.settle) * 1_000;
const HUNDRED = 100;
const STREAMS = 10;
const FINISH_MS = 60_000;

await using place = await openBenchPlace();
const folder = join(place.folder, "work");
await mkdir(folder);
await using server = await place.start();
const { request } = apiOf(server);
const body = { projectType: "local", projectPath: folder };

console.log("| after | Node MiB | PostgreSQL MiB | files open in Node | of these sockets |\n|-|-|-|-|-|");
await look("start");
await createSessions();
await look(`${HUNDRED} sessions created`);
await createSessions();
await look(`${HUNDRED} more`);
await createSessions();
await look(`${HUNDRED} more`);
const streams = await openStreams();
await look(`${STREAMS} event streams opened`);
streams.abort();
await look("they were closed");
for (let n = 0; n < Number(values.runs); n++) await carryOut();
await look(`${values.runs} runs, one after the other`);
console.log(loadNow());

async function look(after: string): Promise<void> {
  await sleep(settleMs);
  const { nodeMib, postgresMib, nodeFiles, connections } = await footprint(server.pid, place.dataDir);
  console.log(`| ${after} | ${nodeMib.toFixed(0)} | ${postgresMib.toFixed(0)} | ${nodeFiles} | ${connections} |`);
}

async function createSessions(): Promise<void> {
  for (let n = 0; n < HUNDRED; n++) await request(Session, "/api/sessions", { method: "POST", body });
}

async function openStreams(): Promise<AbortController> {
  const closing = new AbortController();
  for (let n = 0; n < STREAMS; n++) {
    const response = await fetch(`${server.url}/api/events`, { signal: closing.signal });
    void response.text().catch(() => {});
  }
  return closing;
}

async function carryOut(): Promise<void> {
  const prompted = { ...body, initialPrompt: 'MOCK[{"bash":"echo hello"},{"text":"It is done."}]' };
  const { id } = await request(Session, "/api/sessions", { method: "POST", body: prompted });
  const deadline = Date.now() + FINISH_MS;
  for (;;) {
    const { status } = await request(Session, `/api/sessions/${id}`);
    if (status === "completed") return;
    if (Date.now() > deadline) throw new Error(`session is ${status}`);
    await sleep(100);
  }
}
