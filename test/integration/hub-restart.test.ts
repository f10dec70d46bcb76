import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readConfig } from "../../src/config.ts";
import type { HubMachine } from "../../src/contract/hub.ts";
import type { MachineStatus } from "../../src/contract/orchestrator-frames.ts";
import { stayConnected } from "../../src/orchestrator/stay-connected.ts";
import { type TestHub, testHub } from "../support/hub.ts";

const MACHINES = 200;
const TOKENS = 20;
const FIRST_PAUSE_MS = 300;
const DOWN_MS = 3_000;
const PATIENCE_MS = 90_000;
const STATUSES: MachineStatus[] = ["idle", "active", "busy"];

let hub: TestHub;
const parts = new AsyncDisposableStack();
const pauses = new Map<string, number[]>();
beforeAll(async () => {
  hub = parts.use(await testHub());
});
afterAll(() => parts.disposeAsync());

/** What each machine says of its pauses. */
const log = pino(
  { level: "info" },
  {
    write(line: string) {
      const { name, waitMs } = JSON.parse(line) as { name: string; waitMs?: number };
      if (waitMs !== undefined) pauses.set(name, [...(pauses.get(name) ?? []), waitMs]);
    },
  },
);

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

/** Machines by name, once all that are connected have the status they are to have. */
async function listed(wanted: ReadonlyMap<string, { current: MachineStatus }>): Promise<Map<string, HubMachine>> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const { clients } = await hub.json<{ clients: HubMachine[] }>("/clients");
    const found = new Map(clients.filter((one) => one.is_connected).map((one) => [one.client_id, one]));
    const right = [...wanted].filter(([name, { current }]) => found.get(name)?.metadata.status === current);
    if (right.length === wanted.size || performance.now() > deadline) return found;
    await sleep(50);
  }
}
const statusesOf = (found: ReadonlyMap<string, HubMachine>) =>
  Object.fromEntries([...found].map(([name, it]) => [name, it.metadata.status]));

test("200 machines come back to a hub that was started again, in their places and with what they do by then, without a stampede", async () => {
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

  const again = hub.restart(DOWN_MS);
  // What they do changes while nobody hears of it.
  for (const status of wanted.values()) status.current = status.current === "busy" ? "idle" : "busy";
  await again;
  const after = await listed(wanted);

  expect(statusesOf(after)).toEqual(Object.fromEntries([...wanted].map(([name, { current }]) => [name, current])));
  for (const [name, { id }] of after) expect(id).toBe(before.get(name)?.id);
  // The pauses double, so that three seconds without a hub are few attempts; and no two machines need wait alike.
  expect(Math.max(...[...pauses.values()].map(({ length }) => length))).toBeLessThanOrEqual(8);
  const first = [...pauses.values()].map(([pause]) => pause ?? 0);
  expect(first).toHaveLength(MACHINES);
  expect([Math.min(...first) >= FIRST_PAUSE_MS / 2, Math.max(...first) <= FIRST_PAUSE_MS]).toEqual([true, true]);
  expect(new Set(first).size).toBeGreaterThan(50);
}, 240_000);
