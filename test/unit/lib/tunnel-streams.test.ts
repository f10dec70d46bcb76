import { createHash, randomBytes } from "node:crypto";
import { buffer, text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import {
  encodeTunnelFrame,
  INITIAL_WINDOW,
  MAX_WINDOW,
  type TunnelFrame,
  type TunnelOpen,
  parseTunnelFrame,
} from "../../../src/contract/orchestrator-tunnel.ts";
import { createTunnel, type TunnelStream } from "../../../src/lib/tunnel-streams.ts";

const OPEN: TunnelOpen = { kind: "http", method: "GET", target: "/", headers: [], body: false };
const WITH_BODY: TunnelOpen = { ...OPEN, method: "POST", body: true };

const kindsOf = (messages: Uint8Array[]): (string | undefined)[] =>
  messages.map((message) => {
    const parsed = parseTunnelFrame(message);
    return parsed.ok ? parsed.frame.kind : undefined;
  });

function deliver(log: Uint8Array[], message: Uint8Array, receive: (message: Uint8Array) => boolean): void {
  log.push(message);
  setImmediate(() => receive(message));
}

/** A hub and a machine joined by a socket that only delivers later. */
function pair(onOpen: (stream: TunnelStream, open: TunnelOpen) => void, maxStreams = 256) {
  const toMachine: Uint8Array[] = [];
  const toHub: Uint8Array[] = [];
  const hub = createTunnel({
    send: (message) => deliver(toMachine, message, (one) => machine.receive(one)),
    maxStreams,
  });
  const machine = createTunnel({
    send: (message) => deliver(toHub, message, (one) => hub.receive(one)),
    onOpen,
    maxStreams,
  });
  return { hub, machine, sentByHub: () => kindsOf(toMachine), sentByMachine: () => kindsOf(toHub) };
}

const until = async (isSo: () => boolean): Promise<void> => {
  for (let tries = 0; !isSo(); tries++) {
    if (tries > 2000) throw new Error("it did not come to that");
    await sleep(1);
  }
};

const hashOf = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

test("a request and its answer pass with all their bytes, and leave no stream behind", async () => {
  const sent = randomBytes(3 * 1024 * 1024 + 17);
  const both = pair((stream, { method }) => {
    stream.sendHead({ status: 201, headers: [["x-method", method]] });
    stream.pipe(stream);
  });
  const stream = both.hub.open(WITH_BODY);
  stream.end(sent);
  expect(await stream.head).toEqual({ status: 201, headers: [["x-method", "POST"]] });
  expect(hashOf(await buffer(stream))).toBe(hashOf(sent));
  await until(() => both.hub.size === 0 && both.machine.size === 0);
  expect(both.sentByHub()).not.toContain("cancel");
  expect(both.sentByMachine()).not.toContain("cancel");
});

test("a request without a body is one frame", async () => {
  const both = pair((stream) => {
    stream.resume();
    stream.sendHead({ status: 204, headers: [] });
    stream.end();
  });
  const stream = both.hub.open(OPEN);
  await stream.head;
  expect(await text(stream)).toBe("");
  await until(() => both.hub.size === 0 && both.machine.size === 0);
  expect(both.sentByHub()).toEqual(["open"]);
  expect(both.sentByMachine()).toEqual(["head", "end"]);
});

test("somebody who does not read is sent no more than the window", async () => {
  const big = Buffer.alloc(4 * INITIAL_WINDOW);
  const both = pair((stream) => {
    stream.sendHead({ status: 200, headers: [] });
    stream.end(big);
  });
  const slow = both.hub.open(OPEN);
  const other = both.hub.open(OPEN);
  await slow.head;
  await text(other);
  await sleep(20);
  expect(both.sentByMachine().filter((kind) => kind === "end")).toHaveLength(1);
  expect((await buffer(slow)).length).toBe(big.length);
});

test("a reader who leaves cancels the stream at the other end", async () => {
  let ended: Error | undefined;
  const both = pair((stream) => {
    stream.on("error", (error) => (ended = error));
    stream.sendHead({ status: 200, headers: [] });
    stream.write("one");
  });
  const stream = both.hub.open(OPEN);
  await stream.head;
  stream.destroy();
  await until(() => both.machine.size === 0);
  expect(ended).toMatchObject({ name: "StreamCancelled", code: "cancelled" });
  // A cancel is not answered by one.
  expect(both.sentByMachine()).not.toContain("cancel");
});

test("an answer before the end of the request lets the request be cancelled without harm", async () => {
  const both = pair((stream) => {
    stream.sendHead({ status: 413, headers: [] });
    stream.end("no");
    stream.resume();
  });
  const stream = both.hub.open(WITH_BODY);
  const writing = pipeline(
    async function* endless() {
      for (let n = 0; n < 100; n++) yield Buffer.alloc(64 * 1024);
    },
    stream,
    { end: true },
  ).catch(() => undefined);
  expect((await stream.head).status).toBe(413);
  expect(await text(stream)).toBe("no");
  await writing;
  await until(() => both.machine.size === 0);
});

test("when the socket is gone every stream ends, and nothing more is sent", async () => {
  const both = pair(() => undefined);
  const stream = both.hub.open(OPEN);
  await until(() => both.machine.size === 1);
  both.machine.close();
  both.hub.close();
  await expect(stream.head).rejects.toMatchObject({ code: "failed" });
  await until(() => both.hub.size === 0 && both.machine.size === 0);
  expect(both.sentByHub()).toEqual(["open"]);
  expect(() => both.hub.open(OPEN)).toThrow("refused");
});

test("one stream too many is refused, and the others go on", async () => {
  const both = pair((stream) => stream.sendHead({ status: 200, headers: [] }), 2);
  const first = both.hub.open(OPEN);
  both.hub.open(OPEN);
  expect(() => both.hub.open(OPEN)).toThrow("refused");
  expect((await first.head).status).toBe(200);
});

/** A machine whose hub breaks the rules. */
function lied(...frames: TunnelFrame[]) {
  const answers: TunnelFrame[] = [];
  const machine = createTunnel({
    send: (message) => {
      const parsed = parseTunnelFrame(message);
      if (parsed.ok) answers.push(parsed.frame);
    },
    onOpen: () => undefined,
  });
  for (const frame of frames) machine.receive(encodeTunnelFrame(frame));
  return { machine, answers };
}

test.each<[string, TunnelFrame[]]>([
  [
    "sends more than it has credit for",
    [
      { stream: 1, kind: "open", open: WITH_BODY },
      ...Array.from({ length: 9 }, (): TunnelFrame => ({ stream: 1, kind: "data", data: Buffer.alloc(64 * 1024) })),
    ],
  ],
  [
    "sends a head",
    [
      { stream: 1, kind: "open", open: WITH_BODY },
      { stream: 1, kind: "head", head: { status: 200, headers: [] } },
    ],
  ],
  [
    "sends bytes after the end",
    [
      { stream: 1, kind: "open", open: WITH_BODY },
      { stream: 1, kind: "end" },
      { stream: 1, kind: "data", data: Buffer.alloc(1) },
    ],
  ],
  [
    "gives endless credit",
    [
      { stream: 1, kind: "open", open: WITH_BODY },
      { stream: 1, kind: "window", bytes: MAX_WINDOW },
    ],
  ],
])("a hub that %s loses that stream", async (_what, frames) => {
  const { machine, answers } = lied(...frames);
  await until(() => machine.size === 0);
  expect(answers.at(-1)).toEqual({ stream: 1, kind: "cancel", cancel: { code: "protocol" } });
});

test("an id that is used again opens nothing", () => {
  const { machine, answers } = lied(
    { stream: 7, kind: "open", open: OPEN },
    { stream: 7, kind: "open", open: OPEN },
    { stream: 3, kind: "open", open: OPEN },
  );
  expect(machine.size).toBe(1);
  expect(answers.map(({ stream, kind }) => [stream, kind])).toEqual([
    [7, "cancel"],
    [3, "cancel"],
  ]);
});

test("frames of streams that nobody opened are ignored", () => {
  const { machine, answers } = lied(
    { stream: 5, kind: "data", data: Buffer.alloc(10) },
    { stream: 5, kind: "end" },
    { stream: 5, kind: "window", bytes: 10 },
  );
  expect([machine.size, answers]).toEqual([0, []]);
});

test("a message that is no frame is told from one that breaks a stream", () => {
  const { machine } = lied();
  expect(machine.receive(new Uint8Array([1, 2]))).toBe(false);
  expect(machine.receive(new Uint8Array([99, 0, 0, 0, 1]))).toBe(true);
});
