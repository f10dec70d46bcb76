import { once } from "node:events";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { encodeTunnelFrame, TUNNEL_HEAD_BYTES, type TunnelOpen } from "../../src/contract/orchestrator-tunnel.ts";
import { SystemStatus } from "../../src/contract/system.ts";
import { testApp, type TestApp } from "../support/app.ts";
import { capturedFrames, mutantsOf, randomBy } from "../support/frame-mutants.ts";
import { type HubStandIn, type MachineSocket, polite, startHubStandIn } from "../support/hub-stand-in.ts";

const TEXT_FRAMES = 2_000;
const BINARY_FRAMES = 1_500;
const FLUSH_EVERY = 50;
const MORE_BYTES = 128 * 1024 * 1024;

const random = randomBy(fc.sample(fc.integer(), 1)[0] ?? 0);
const rejections: unknown[] = [];
const keep = (reason: unknown) => void rejections.push(reason);
let hub: HubStandIn;
let app: TestApp;

beforeAll(async () => {
  process.on("unhandledRejection", keep);
  hub = await startHubStandIn({ behave: polite });
  app = await testApp({
    ORCHESTRATOR_MODE: "client",
    ORCHESTRATOR_URL: hub.url,
    ORCHESTRATOR_TOKEN: "ao_0123456789abcdef_0123",
    ORCHESTRATOR_CLIENT_ID: "test-machine",
    ORCHESTRATOR_RECONNECT_INTERVAL: "100",
  });
});
afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
  await hub?.[Symbol.asyncDispose]();
  process.off("unhandledRejection", keep);
});

/** What a hub may ask for and gets is left out: to stay away, to come back later, to begin a session. */
const ENDS = /"Disconnected by user"|"disconnect"|"success":false|"claude-command"/u;
const registered = () => ({
  type: "registered",
  success: true,
  capabilities: ["tunnel-1", "reports-1"],
  identity_keys: [hub.key],
});
const open: TunnelOpen = { kind: "http", method: "POST", target: "/api/sessions", headers: [], body: true };

/** Until the machine has read what was said: it answers pings in their turn. */
async function flush({ socket }: MachineSocket): Promise<void> {
  const heard = once(socket, "pong", { signal: AbortSignal.timeout(30_000) });
  socket.ping();
  await heard;
}

async function sayAll(machine: MachineSocket, count: number, next: () => string | Uint8Array): Promise<void> {
  for (let nth = 1; nth <= count; nth++) {
    machine.socket.send(next());
    if (nth % FLUSH_EVERY === 0) await flush(machine);
  }
}

async function ask(machine: MachineSocket, target: string, identity?: string) {
  const stream = machine.tunnel.open({ ...open, method: "GET", target, body: false, identity });
  const { status } = await stream.head;
  return { status, body: await text(stream) };
}

test("a hub that lies in thousands of frames gets no session, and harms neither the machine nor its next connection", async () => {
  const machine = await hub.machine(0);
  await machine.frame("status_update");
  const used = process.memoryUsage().rss;
  const corpus = [...capturedFrames("hub->client"), registered()].filter((one) => !ENDS.test(JSON.stringify(one)));
  const texts = mutantsOf(corpus, random, { rare: 0.03 });
  await sayAll(machine, TEXT_FRAMES, () => texts.text());
  expect(machine.isOpen()).toBe(true);

  machine.send(registered());
  const person = { sub: "42", login: "octocat" };
  const identity = await hub.sign(person);
  const messages = [1, 2, 3, 9].flatMap((stream) => [
    encodeTunnelFrame({ stream, kind: "open", open }),
    encodeTunnelFrame({
      stream,
      kind: "open",
      open: { ...open, kind: "websocket", target: "/orchestration", identity },
    }),
    encodeTunnelFrame({ stream, kind: "open", open: { ...open, target: "/api/status", identity } }),
    encodeTunnelFrame({ stream, kind: "data", data: new Uint8Array(300).fill(65) }),
    encodeTunnelFrame({ stream, kind: "end" }),
    encodeTunnelFrame({ stream, kind: "window", bytes: 65_536 }),
  ]);
  const { bytes } = mutantsOf([], random);
  await sayAll(machine, BINARY_FRAMES, () => {
    const message = bytes(messages);
    // A shorter one names no stream, and is the end of the socket.
    return message.length < TUNNEL_HEAD_BYTES ? (messages[0] ?? message) : message;
  });
  expect(machine.isOpen()).toBe(true);
  machine.socket.send(new Uint8Array(2));

  const next = await hub.machine(1);
  await next.frame("status_update");
  const { status, body } = await ask(next, "/api/status", await hub.sign(person));
  expect(status).toBe(200);
  expect(SystemStatus.parse(JSON.parse(body)).hub).toMatchObject({ state: "connected" });
  expect(await ask(next, "/api/status")).toMatchObject({ status: 401 });
  const Sessions = z.object({ items: z.array(z.unknown()) });
  expect(await app.request(Sessions, "/api/sessions")).toEqual(expect.objectContaining({ items: [] }));
  expect(rejections).toEqual([]);
  expect(process.memoryUsage().rss - used).toBeLessThan(MORE_BYTES);
}, 120_000);
