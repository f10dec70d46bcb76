import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { ServerPlace } from "../support/server-process.ts";
import { loadNow, middleAnd95, openBenchPlace } from "./bench-server.ts";

/**
 * From the command to the server that answers, with its embedded database: node test/bench/start.ts
 *   --rounds 7    rounds; in each one a fresh and a warm start of `node src/main.ts`, and a warm one of `npm start`
 */
const { values } = parseArgs({ options: { rounds: { type: "string", default: "7" } } });
const PROJECT = resolve(import.meta.dirname, "../..");
const WAIT_MS = 60_000;
const times = {
  "node src/main.ts, fresh": [] as number[],
  "node src/main.ts, warm": [] as number[],
  "npm start, warm": [] as number[],
};

console.log(`before: ${loadNow()}`);
for (let round = 0; round < Number(values.rounds); round++) {
  await using place = await openBenchPlace();
  const node = [process.execPath, "src/main.ts"];
  times["node src/main.ts, fresh"].push(await untilReady(place, node));
  times["node src/main.ts, warm"].push(await untilReady(place, node));
  times["npm start, warm"].push(await untilReady(place, ["npm", "start"]));
}
console.log(`after: ${loadNow()}\n\n| start to ready | p50 / p95 ms |\n|-|-|`);
for (const [name, all] of Object.entries(times))
  console.log(`| \`${name.split(",")[0]}\`,${name.split(",")[1]} | ${middleAnd95(all)} |`);

/** Milliseconds until it says that it is ready; then it is stopped as a person would. */
async function untilReady(place: ServerPlace, [file = "", ...args]: readonly string[]): Promise<number> {
  const begun = performance.now();
  const child = spawn(file, args, {
    cwd: PROJECT,
    env: place.environment(),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const ended = once(child, "close");
  let said = "";
  const ready = new Promise<number>((fulfil, reject) => {
    const late = setTimeout(() => reject(new Error(`not ready:\n${said}`)), WAIT_MS);
    for (const output of [child.stdout, child.stderr])
      output.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        if (!said.includes('"msg":"ready')) return;
        clearTimeout(late);
        fulfil(performance.now() - begun);
      });
  });
  try {
    return await ready;
  } finally {
    // Its own group: npm and what it started.
    if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
    await ended;
  }
}
