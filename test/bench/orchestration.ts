import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { editor, setDesired, type Editor } from "../support/orchestration.ts";
import { loadNow, openBenchPlace } from "./bench-server.ts";
import { percentile, summaryOf } from "./percentile.ts";

/**
 * How soon every editor hears a write, how many writes a second are held, and what a socket costs the server:
 * node test/bench/orchestration.ts
 *   --sockets 500  editors, each with a workspace of its own
 *   --writes 50    one after the other, each heard by all before the next
 */
const { values } = parseArgs({
  options: { sockets: { type: "string", default: "500" }, writes: { type: "string", default: "50" } },
});
const SOCKETS = Number(values.sockets);
const AT_ONCE = 8;
const HELD_WRITES = 200;

await using place = await openBenchPlace();
await using server = await place.start({ ORCHESTRATION_MAX_DESIRED: "1000" });

/** Memory of the server that nobody shares with it, in MiB. */
async function memoryMib(): Promise<number> {
  const status = await readFile(`/proc/${server.pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
}

const idOf = (index: number): string => `/bench/workspace ${index}`;
console.log(`load before: ${loadNow()}`);
for (let index = 0; index < SOCKETS; index += 1) await setDesired(server.url, idOf(index), 0);
const before = await memoryMib();
const editors: Editor[] = [];
for (let index = 0; index < SOCKETS; index += 1) {
  const one = editor(server.url, idOf(index), { transports: ["websocket"] });
  await one.until("orchestration.global");
  editors.push(one);
}
const grown = (await memoryMib()) - before;
console.log(`${SOCKETS} sockets: ${grown.toFixed(1)} MiB, ${((grown / SOCKETS) * 1000).toFixed(0)} MiB for 1,000`);

/** Milliseconds from the beginning of a write until each of all editors has it. */
const each: number[] = [];
const all: number[] = [];
for (let index = 0; index < Number(values.writes); index += 1) {
  const began = performance.now();
  const heard = editors.map(
    ({ socket }) =>
      new Promise<number>((resolve) => socket.once("orchestration.global", () => resolve(performance.now() - began))),
  );
  await setDesired(server.url, idOf(index % SOCKETS), index + 1);
  const times = await Promise.all(heard);
  each.push(...times);
  all.push(Math.max(...times));
}
console.log(`write to one of ${SOCKETS} editors: ${summaryOf(each)}`);
console.log(
  `write to the last of them: p50 ${percentile(all, 0.5).toFixed(0)} ms, p99 ${percentile(all, 0.99).toFixed(0)} ms`,
);

/** Resolves when a socket has heard so many more changes. */
const heardMore = ({ socket }: Editor, count: number): Promise<void> =>
  new Promise((resolve) => {
    let left = count;
    socket.on("orchestration.global", () => {
      left -= 1;
      if (left === 0) resolve();
    });
  });

const began = performance.now();
const heard = editors.map((one) => heardMore(one, HELD_WRITES));
await Promise.all(
  Array.from({ length: AT_ONCE }, async (_, writer) => {
    for (let index = 0; index < HELD_WRITES / AT_ONCE; index += 1) await setDesired(server.url, idOf(writer), index);
  }),
);
const wroteMs = performance.now() - began;
await Promise.all(heard);
const heardMs = performance.now() - began;
const rate = (ms: number): string => ((HELD_WRITES / ms) * 1000).toFixed(0);
console.log(
  `${HELD_WRITES} writes by ${AT_ONCE} writers: ${rate(wroteMs)} a second answered, ${rate(heardMs)} a second heard by all`,
);
console.log(`load after: ${loadNow()}`);
for (const one of editors) one[Symbol.dispose]();
