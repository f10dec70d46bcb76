import fc from "fast-check";
import { expect, test } from "vitest";
import { parseHubFrame, parseMachineFrame } from "../../../src/contract/orchestrator-frames.ts";
import {
  encodeTunnelFrame,
  MAX_STREAMS,
  parseTunnelFrame,
  type TunnelOpen,
} from "../../../src/contract/orchestrator-tunnel.ts";
import { createTunnel } from "../../../src/lib/tunnel-streams.ts";
import { capturedFrames, mutantsOf, randomBy } from "../../support/frame-mutants.ts";

/** For each parser; `FUZZ_FRAMES=1000000` looks longer, PROPERTY_SEED at others. */
const FRAMES = Number(process.env["FUZZ_FRAMES"] ?? 100_000);
/** Frames made of one random number: fast-check says which one failed. */
const AT_ONCE = 500;
const LONG = { timeout: 600_000 };

const ours = [
  { type: "registered", success: true, capabilities: ["tunnel-1"], identity_keys: [] },
  { type: "report", client_id: "a", level: "error", message: "x", at: "2026-01-01T00:00:00.000Z" },
  { type: "user_request_follow_up", request_id: "r", payload: {} },
  { type: "authorization_denied", reason: "no" },
  { type: "authorization_timeout" },
];
const frames = [...capturedFrames("client->hub"), ...capturedFrames("hub->client"), ...ours];
const types = new Set(frames.map((frame) => String(Reflect.get(frame, "type"))));

/** Looks at all frames. */
const inBatches = (isRight: (random: () => number) => boolean): void =>
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = randomBy(seed);
      return Array.from({ length: AT_ONCE }, () => isRight(random)).every(Boolean);
    }),
    { numRuns: Math.ceil(FRAMES / AT_ONCE) },
  );

test("no damaged text frame makes a parser throw, repeat it, or let through what is of no known type", LONG, () => {
  let passed = 0;
  inBatches((random) => {
    const text = mutantsOf(frames, random).text();
    return [parseHubFrame(text), parseMachineFrame(text)].every((parsed) => {
      if (parsed.ok) passed += 1;
      return parsed.ok ? types.has(parsed.frame.type) : parsed.message.length < 500;
    });
  });
  // Were they all refused at the first look, nothing would have been tried.
  expect(passed).toBeGreaterThan(FRAMES / 10);
});

const open: TunnelOpen = { kind: "http", method: "POST", target: "/a?b", headers: [["accept", "*/*"]], body: true };
const messages = [1, 2, 3, 7, 300].flatMap((stream) => [
  encodeTunnelFrame({ stream, kind: "open", open }),
  encodeTunnelFrame({ stream, kind: "open", open: { ...open, kind: "websocket", identity: "a.b.c" } }),
  encodeTunnelFrame({ stream, kind: "head", head: { status: 200, headers: [["set-cookie", "a=1"]] } }),
  encodeTunnelFrame({ stream, kind: "data", data: new Uint8Array(50).fill(65) }),
  encodeTunnelFrame({ stream, kind: "end" }),
  encodeTunnelFrame({ stream, kind: "cancel", cancel: { code: "cancelled", message: "gone" } }),
  encodeTunnelFrame({ stream, kind: "window", bytes: 65_536 }),
]);

test(
  "no damaged binary message makes the tunnel's parser throw, and what it reads is of the stream it names",
  LONG,
  () => {
    let passed = 0;
    inBatches((random) => {
      const bytes = mutantsOf([], random).bytes(messages);
      const parsed = parseTunnelFrame(bytes);
      if (parsed.ok) passed += 1;
      const stream = parsed.ok ? parsed.frame.stream : parsed.stream;
      return stream === undefined || stream === Buffer.from(bytes).readUInt32BE(1);
    });
    expect(passed).toBeGreaterThan(FRAMES / 10);
  },
);

test("streams take damaged messages in any order at either end, and stay within their number", LONG, async () => {
  const sent = { bytes: 0 };
  const send = (bytes: Uint8Array) => void (sent.bytes += bytes.length);
  const answer = createTunnel({
    send,
    onOpen: (stream) => {
      stream.sendHead({ status: 200, headers: [] });
      stream.resume().end("answer");
    },
  });
  const ask = createTunnel({ send });
  let most = 0;
  const random = randomBy(fc.sample(fc.integer(), 1)[0] ?? 0);
  const { bytes } = mutantsOf([], random);
  for (let nth = 0; nth < FRAMES / 10; nth++) {
    if (ask.size < 8) ask.open({ ...open, body: nth % 2 === 0 }).resume();
    const message = bytes(messages);
    answer.receive(message);
    ask.receive(message);
    most = Math.max(most, answer.size, ask.size);
    // The ends of streams are told in turns of their own.
    if (nth % 50 === 0) await new Promise(setImmediate);
  }
  expect(most).toBeLessThanOrEqual(MAX_STREAMS);
  ask.close();
  answer.close();
  await expect.poll(() => ask.size + answer.size).toBe(0);
});
