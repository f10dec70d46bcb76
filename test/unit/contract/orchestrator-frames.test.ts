import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseHubFrame, parseMachineFrame } from "../../../src/contract/orchestrator-frames.ts";
import {
  encodeTunnelFrame,
  MAX_TUNNEL_BYTES,
  parseTunnelFrame,
  type TunnelFrame,
} from "../../../src/contract/orchestrator-tunnel.ts";
import { MAX_TEXT_FRAME_BYTES } from "../../../src/contract/parse-frame.ts";

interface Captured {
  scenario: string;
  dir: "client->hub" | "hub->client";
  frame: unknown;
}

/** What was on the wire between the client and the server that exist. */
const captured = readFileSync("test/fixtures/orchestrator/frames.jsonl", "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Captured);

/** The frames among them that are wrong on purpose, and what is said of them. */
const WRONG = {
  "hub-unknown-type": ["unknown_type", undefined],
  "hub-bad-json": ["not_json", undefined],
  "ssrf-path": ["invalid", "r_ssrf"],
  "headers-as-object": ["invalid", "r_hobj"],
  "numeric-user-id": ["invalid", "r_num"],
  "dead-port": ["invalid", "r_bad"],
} as const;

const parseCaptured = ({ dir, frame }: Captured) =>
  (dir === "client->hub" ? parseMachineFrame : parseHubFrame)(
    typeof frame === "string" ? frame : JSON.stringify(frame),
  );

describe("captured frames", () => {
  test("every frame of the existing client is one of ours", () => {
    const fromClients = captured.filter(({ dir }) => dir === "client->hub");
    expect(fromClients.length).toBeGreaterThan(90);
    expect(fromClients.map(parseCaptured).filter(({ ok }) => !ok)).toEqual([]);
  });

  test("of the hub's frames exactly the wrong ones are refused, and their request can be answered", () => {
    const fromHubs = captured.filter(({ dir }) => dir === "hub->client");
    const refused = fromHubs.flatMap((one) => {
      const parsed = parseCaptured(one);
      return parsed.ok ? [] : [[one.scenario, [parsed.reason, parsed.requestId]]];
    });
    expect(Object.fromEntries(refused)).toEqual(WRONG);
    expect(refused).toHaveLength(Object.keys(WRONG).length);
  });

  test("a refusal never repeats what was sent", () => {
    const parsed = parseHubFrame(JSON.stringify({ type: "token_granted", token: ["ao_secret"] }));
    expect(JSON.stringify(parsed)).not.toContain("ao_secret");
  });
});

test("a text frame over the limit is not parsed", () => {
  const text = `{"type":"pong","x":"${"a".repeat(MAX_TEXT_FRAME_BYTES)}"}`;
  expect(parseHubFrame(text)).toMatchObject({ ok: false, reason: "too_large" });
});

test("what cannot be measured or is nested without end is refused, and its request can be answered", () => {
  // It throws where it is compared with a number.
  const odd = { length: { toString: null, valueOf: null } };
  expect(parseMachineFrame(JSON.stringify({ type: odd }))).toMatchObject({ ok: false, reason: "no_frame" });
  for (const parse of [parseHubFrame, parseMachineFrame]) {
    const frame = { type: "error", message: "x", request_id: odd };
    expect(parse(JSON.stringify(frame))).toMatchObject({ ok: false, reason: "invalid" });
  }
  const nested = `${"[".repeat(50_000)}${"]".repeat(50_000)}`;
  expect(parseMachineFrame(`{"type":"response_chunk","request_id":"r1","data":${nested}}`)).toMatchObject({
    reason: "invalid",
    requestId: "r1",
  });
});

test("names of Object.prototype are no types", () => {
  for (const type of ["__proto__", "constructor", "toString"])
    expect(parseHubFrame(`{"type":"${type}"}`)).toMatchObject({ reason: "unknown_type" });
});

/** Noise; what is nearly right is tried in orchestrator-fuzz.test.ts. */
const numRuns = 5_000;
const TYPES = [
  "registered",
  "pong",
  "error",
  "command",
  "user_request",
  "http_proxy_request",
  "token_granted",
  "register",
  "status_update",
  "http_proxy_response",
];
const field = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.constant(null),
  fc.array(fc.tuple(fc.string(), fc.string()), { maxLength: 3 }),
  fc.jsonValue({ maxDepth: 2 }),
);
const shaped = fc.record(
  {
    type: fc.constantFrom(...TYPES),
    request_id: field,
    client_id: field,
    method: field,
    path: field,
    headers: field,
    body: field,
    metadata: field,
    status: field,
    success: field,
    payload: field,
  },
  { requiredKeys: ["type"] },
);

const isSound = (parsed: ReturnType<typeof parseHubFrame> | ReturnType<typeof parseMachineFrame>): boolean =>
  parsed.ok ? TYPES.includes(parsed.frame.type) : parsed.message.length < 500;

test("no text makes a parser throw, and what it lets through has a known type", { timeout: 600_000 }, () => {
  const texts = fc.oneof(
    fc.string(),
    fc.json({ maxDepth: 3 }),
    shaped.map((value) => JSON.stringify(value)),
  );
  fc.assert(
    fc.property(texts, (text) => isSound(parseHubFrame(text)) && isSound(parseMachineFrame(text))),
    { numRuns },
  );
});

test("no bytes make the tunnel's parser throw", { timeout: 600_000 }, () => {
  const kinds = fc.integer({ min: 0, max: 8 });
  const payload = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.json().map((text) => new TextEncoder().encode(text)),
  );
  fc.assert(
    fc.property(kinds, fc.nat(0xffff_ffff), payload, (kind, stream, rest) => {
      const bytes = new Uint8Array(5 + rest.length);
      new DataView(bytes.buffer).setUint32(1, stream);
      bytes[0] = kind;
      bytes.set(rest, 5);
      const parsed = parseTunnelFrame(bytes);
      return !parsed.ok || parsed.frame.stream === stream;
    }),
    { numRuns },
  );
});

test("a tunnel frame is read as it was written", () => {
  const frames: TunnelFrame[] = [
    {
      stream: 1,
      kind: "open",
      open: { kind: "http", method: "GET", target: "/a?b=%20c", headers: [["accept", "*/*"]], body: false },
    },
    {
      stream: 2,
      kind: "head",
      head: {
        status: 200,
        headers: [
          ["set-cookie", "a=1"],
          ["set-cookie", "b=2"],
        ],
      },
    },
    { stream: 0xffff_ffff, kind: "data", data: new Uint8Array([0, 255, 1]) },
    { stream: 3, kind: "end" },
    { stream: 4, kind: "cancel", cancel: { code: "cancelled", message: "gone" } },
    { stream: 5, kind: "window", bytes: 65_536 },
  ];
  for (const frame of frames) expect(parseTunnelFrame(encodeTunnelFrame(frame))).toEqual({ ok: true, frame });
});

test("a binary message over the limit, or without a stream, breaks no single stream", () => {
  expect(parseTunnelFrame(new Uint8Array(MAX_TUNNEL_BYTES + 1))).toEqual({ ok: false, reason: "too_large" });
  expect(parseTunnelFrame(new Uint8Array([3, 0, 0]))).toEqual({ ok: false, reason: "too_short" });
});
