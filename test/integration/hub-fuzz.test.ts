import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { HubMachine } from "../../src/contract/hub.ts";
import { encodeTunnelFrame } from "../../src/contract/orchestrator-tunnel.ts";
import { capturedFrames, mutantsOf, randomBy } from "../support/frame-mutants.ts";
import { attack, type FuzzSocket } from "../support/fuzz-socket.ts";
import { requestAs, type TestHub, testHub, type TestSocket, until } from "../support/hub.ts";
import { tunnelMachine } from "../support/tunnel-machine.ts";

/** Below what each role may say: what the hub does about more is tried elsewhere. */
const TEXT_FRAMES = { count: 1_600, perSocket: 400 };
const BINARY_FRAMES = { count: 1_200, perSocket: 300 };
const BROWSER_FRAMES = { count: 480, perSocket: 120 };
const PENDING_FRAMES = { count: 60, perSocket: 15 };
const PATIENCE = { timeout: 15_000 };
/** Requests at the liar, for each of its sockets; those of three of them are within what one browser may have under way. */
const ASKED = 10;
const MORE_BYTES = 64 * 1024 * 1024;

const parts = new AsyncDisposableStack();
const random = randomBy(fc.sample(fc.integer(), 1)[0] ?? 0);
const rejections: unknown[] = [];
const keep = (reason: unknown) => void rejections.push(reason);
let hub: TestHub;
let honest: Awaited<ReturnType<typeof tunnelMachine>>;
let watcher: TestSocket;
let before: HubMachine;
let token: string;

beforeAll(async () => {
  process.on("unhandledRejection", keep);
  parts.defer(() => void process.off("unhandledRejection", keep));
  hub = parts.use(await testHub());
  honest = parts.use(
    await tunnelMachine(hub.port, await hub.token("honest"), (_req, res) => void res.end("served"), "honest"),
  );
  token = await hub.token("liar");
  watcher = parts.use(await hub.socket("/ws/connect?type=browser"));
  watcher.send({ type: "get_clients" });
  await watcher.frame("client_list");
  before = await machineNamed("honest");
});
afterAll(() => parts.disposeAsync());

const machines = async () => (await hub.json<{ clients: HubMachine[] }>("/clients")).clients;
const machineNamed = async (name: string): Promise<HubMachine> =>
  until(async () => (await machines()).find(({ client_id: id }) => id === name), name);

const hello = (name: string, capabilities: string[] = []) => ({
  type: "register",
  client_id: name,
  user_token: "",
  metadata: { hostname: name, project: "/p", capabilities },
});
const at = (path: string) => `ws://127.0.0.1:${hub.port}${path}`;
const liar = () => at(`/ws/connect?token=${token}&client_id=liar`);
const fromMachines = [...capturedFrames("client->hub"), hello("honest"), hello("", ["tunnel-1"])];

/** Frames of machines, some of which answer what was really asked. */
function sayText({ requestIds }: FuzzSocket): string {
  const answers = requestIds.flatMap((request_id) => [
    { type: "response_chunk", request_id, data: { type: "text", text: "x" } },
    { type: "response_chunk", request_id, data: { type: { toString: null } } },
    { type: "response_complete", request_id, data: {} },
    { type: "error", request_id, message: "no" },
    { type: "http_proxy_response", request_id, status: 200, headers: [["a", "b"]], body: "x" },
  ]);
  const claims = [{ type: "status_update", client_id: "honest", status: "busy" }];
  const corpus = answers.length > 0 && random() < 0.5 ? answers : [...fromMachines, ...claims];
  return mutantsOf(corpus, random, { rare: 0.03 }).text();
}

/** The watcher asks the liar something, so that there is something to lie about. */
async function askLiar({ requestIds }: FuzzSocket): Promise<void> {
  const { id } = await machineNamed("liar");
  for (let nth = 0; nth < ASKED; nth++)
    watcher.send({ type: "forward_to_client", client_id: id, request_id: crypto.randomUUID(), action: "status" });
  await until(() => (requestIds.length >= ASKED ? true : undefined), "a request of the hub");
}

const host = ({ id }: HubMachine) => `${id}.localhost:${hub.port}`;
/** What lets a browser in at a machine. */
async function enter(machine: HubMachine): Promise<string> {
  const sent = await hub.call(`/clients/${machine.id}/enter?to=/`, { redirect: "manual" });
  const { pathname, search } = new URL(sent.headers.get("location") ?? "");
  const entered = await requestAs(hub.port, { host: host(machine), path: pathname + search });
  return String(entered.headers["set-cookie"]).split(";", 1)[0] ?? "";
}

async function collected(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  await new Promise(setImmediate);
  collect();
  return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
}

/** What the hub is for, for those who had no part in it. */
async function expectGoodService(): Promise<void> {
  const cookie = await enter(before);
  const served = await requestAs(hub.port, { host: host(before), path: "/", headers: { cookie } });
  expect([served.status, served.body.toString()]).toEqual([200, "served"]);
  for (const status of ["busy", "idle"]) {
    const heard = watcher.frames.length;
    honest.socket.send({ type: "status_update", client_id: "honest", status });
    const isTold = () =>
      watcher.frames
        .slice(heard)
        .some(({ client }) => (client as HubMachine | undefined)?.metadata.status === status && isHonest(client));
    await until(() => isTold() || undefined, `the change to ${status}`);
  }
  const { last_seen: _, metadata, ...now } = await machineNamed("honest");
  expect(now).toMatchObject({ id: before.id, is_connected: true, connected_at: before.connected_at });
  expect(metadata).toMatchObject({ hostname: "honest", project: "/p", status: "idle" });
  expect(rejections).toEqual([]);
}
const isHonest = (client: unknown): boolean => (client as HubMachine).id === before.id;

test("a machine that says thousands of damaged frames spoils nothing but its own place", async () => {
  const used = await collected();
  const { count, perSocket } = TEXT_FRAMES;
  // Half of it before anybody is registered, and in any order.
  await attack({ url: liar(), frames: count / 2, perSocket, next: sayText });
  await attack({ url: liar(), hello: hello("liar"), frames: count / 2, perSocket, next: sayText, onOpen: askLiar });
  await expectGoodService();
  const events = await hub.json<unknown>(`/clients/${before.id}/events?kind=warning,error`);
  expect(events).toMatchObject({ events: [] });
  // All that came under the liar's token is the liar's.
  const named = (await machines()).filter(({ client_id: id }) => id === "honest");
  expect(named.filter(({ id }) => id === before.id)).toHaveLength(1);
  expect((await collected()) - used).toBeLessThan(MORE_BYTES);
}, 120_000);

test("damaged tunnel messages end their streams, or the socket that said them", async () => {
  const messages = [1, 2, 3, 9].flatMap((stream) => [
    encodeTunnelFrame({ stream, kind: "head", head: { status: 200, headers: [["a", "b"]] } }),
    encodeTunnelFrame({ stream, kind: "data", data: new Uint8Array(300).fill(65) }),
    encodeTunnelFrame({ stream, kind: "end" }),
    encodeTunnelFrame({ stream, kind: "cancel", cancel: { code: "failed" } }),
    encodeTunnelFrame({ stream, kind: "window", bytes: 65_536 }),
  ]);
  const { bytes } = mutantsOf([], random);
  const asked: Promise<number>[] = [];
  const { count: frames, perSocket } = BINARY_FRAMES;
  await attack({
    url: liar(),
    hello: hello("liar", ["tunnel-1"]),
    frames,
    perSocket,
    next: () => bytes(messages),
    async onOpen() {
      const machine = await machineNamed("liar");
      const headers = { cookie: await enter(machine) };
      // An answer that breaks off is one, too.
      for (let nth = 0; nth < 3; nth++)
        asked.push(
          requestAs(hub.port, { host: host(machine), path: "/", headers }).then(
            (it) => it.status,
            () => 0,
          ),
        );
    },
  });
  // However they were answered, nobody waits any more.
  await Promise.all(asked);
  await expectGoodService();
}, 120_000);

test("browsers and machines that wait say damaged frames to no effect on others", async () => {
  const fromBrowsers = [
    { type: "get_clients" },
    { type: "ping" },
    { type: "connect_client", client_id: before.id },
    { type: "forward_to_client", client_id: "nobody", request_id: "r", action: "status", payload: { a: [{ b: 1 }] } },
    ...fromMachines,
  ];
  const texts = mutantsOf(fromBrowsers, random);
  const next = () => texts.text();
  await attack({ url: at("/ws/connect?type=browser"), ...named(BROWSER_FRAMES), next });
  await attack({ url: at("/ws/pending?user=somebody"), ...named(PENDING_FRAMES), next: sayText });
  const first = { type: "pending_register", pending_id: "p", hostname: "h", project: "/p", platform: "linux" };
  await attack({ url: at("/ws/pending?user=somebody"), hello: first, ...named(PENDING_FRAMES), next: sayText });
  await expectGoodService();
  await expect.poll(() => hub.db.selectFrom("hub.pending").select("hostname").execute(), PATIENCE).toEqual([]);
}, 120_000);
const named = ({ count: frames, perSocket }: { count: number; perSocket: number }) => ({ frames, perSocket });
