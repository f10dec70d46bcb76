import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readConfig } from "../../src/config.ts";
import type { HubMachine } from "../../src/contract/hub.ts";
import type { MachineStatus } from "../../src/contract/orchestrator-frames.ts";
import { stayConnected } from "../../src/orchestrator/stay-connected.ts";
import { type HubProcess, startHubProcess } from "../support/hub-process.ts";

const MACHINES = 200;
const TOKENS = 20;
const FIRST_PAUSE_MS = 300;
const PATIENCE_MS = 90_000;
const LONGEST_PAUSE_MS = 60_000;
const STATUSES: MachineStatus[] = ["idle", "active", "busy"];

let hub: HubProcess;
const parts = new AsyncDisposableStack();
const pauses = new Map<string, number[]>();
const returned = new Set<string>();
beforeAll(async () => {
  hub = parts.use(await startHubProcess());
}, 120_000);
afterAll(() => parts.disposeAsync());

/** What each machine says of its pauses, until it is back. */
const log = pino(
  { level: "info" },
  {
    write(line: string) {
      const { name, waitMs, msg } = JSON.parse(line) as { name: string; waitMs?: number; msg: string };
      if (msg.includes("Successfully connected")) returned.add(name);
      if (waitMs !== undefined && !returned.has(name)) pauses.set(name, [...(pauses.get(name) ?? []), waitMs]);
    },
  },
);

const shortestPause = (nth: number): number => Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** nth) / 2;

const ignore = () => undefined;

/** Our machine's own end, with nothing behind it. */
function startMachine(name: string, token: string, status: { current: MachineStatus }) {
  const { orchestrator: config } = readConfig({
    ORCHESTRATOR_MODE: "client",
    ORCHESTRATOR_URL: `ws://127.0.0.1:${hub.port}/ws/connect`,
    ORCHESTRATOR_TOKEN: token,
    ORCHESTRATOR_CLIENT_ID: name,
    ORCHESTRATOR_RECONNECT_INTERVAL: String(FIRST_PAUSE_MS),
  });
  if (!config) throw new Error("not a machine");
  return stayConnected({
    config,
    project: "/p",
    claims: {
      read: () => Promise.resolve(undefined),
      save: () => Promise.resolve([]),
      forget: () => Promise.resolve([]),
    },
    status: { current: () => status.current, onChange: () => ignore, [Symbol.asyncDispose]: () => Promise.resolve() },
    handlers: { http: ignore, user: ignore, stream: ignore },
    log: log.child({ name }),
    registerMs: PATIENCE_MS,
  });
}

const machines = async () => (await hub.json<{ clients: HubMachine[] }>("/clients")).clients;

/** Machines by name, once all that are connected have the status they are to have. */
async function listed(wanted: ReadonlyMap<string, { current: MachineStatus }>): Promise<Map<string, HubMachine>> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const clients = await machines();
    const found = new Map(clients.filter((one) => one.is_connected).map((one) => [one.client_id, one]));
    const right = [...wanted].filter(([name, { current }]) => found.get(name)?.metadata.status === current);
    if (right.length === wanted.size || performance.now() > deadline) return found;
    await sleep(50);
  }
}
const statusesOf = (found: ReadonlyMap<string, HubMachine>) =>
  Object.fromEntries([...found].map(([name, it]) => [name, it.metadata.status]));

test("200 machines come back to a hub that was killed, in their places and with what they do by then, without a stampede", async () => {
  const tokens = await Promise.all(Array.from({ length: TOKENS }, () => hub.token()));
  const wanted = new Map<string, { current: MachineStatus }>();
  for (let nth = 0; nth < MACHINES; nth++) {
    const [name, status] = [`machine-${nth}`, { current: STATUSES[nth % 3] ?? "idle" }];
    wanted.set(name, status);
    parts.use(startMachine(name, tokens[nth % TOKENS] ?? "", status));
    // Not all at once: that is what is tried afterwards.
    if (nth % TOKENS === TOKENS - 1) await listed(wanted);
  }
  const before = await listed(wanted);
  expect(before.size).toBe(MACHINES);
  pauses.clear();
  returned.clear();

  await hub.kill();
  // What they do changes while nobody hears of it.
  for (const status of wanted.values()) status.current = status.current === "busy" ? "idle" : "busy";
  await hub.start();
  const known = await machines();
  expect(new Set(known.map(({ id }) => id))).toEqual(new Set([...before.values()].map(({ id }) => id)));
  const after = await listed(wanted);

  expect(statusesOf(after)).toEqual(Object.fromEntries([...wanted].map(([name, { current }]) => [name, current])));
  for (const [name, { id }] of after) expect(id).toBe(before.get(name)?.id);
  expect(await machines()).toHaveLength(MACHINES);
  // The pauses double, so that some seconds without a hub are few attempts; and no two machines need wait alike.
  const tooShort = [...pauses.values()].filter((each) => each.some((pause, nth) => pause < shortestPause(nth)));
  expect(tooShort).toEqual([]);
  const first = [...pauses.values()].map(([pause]) => pause ?? 0);
  expect(first).toHaveLength(MACHINES);
  expect(new Set(first).size).toBeGreaterThan(50);
}, 240_000);
