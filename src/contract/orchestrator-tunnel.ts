import { z } from "zod";
import { HeaderPairs, MAX_SENT_FRAME_BYTES } from "./orchestrator-frames.ts";

/*
 * The extension "tunnel-1": HTTP and WebSocket through the socket between hub and machine, as binary messages of
 * `kind (1 byte) · stream (4 bytes, big endian) · payload`. docs/orchestrator-protocol.md says how they follow each other.
 */

export const TUNNEL_HEAD_BYTES = 5;
/** Of one binary message, its head included. */
export const MAX_TUNNEL_BYTES = MAX_SENT_FRAME_BYTES;
/** Bytes of DATA that may be under way in one direction of one stream before the other end gives more credit. */
export const INITIAL_WINDOW = 512 * 1024;
/** No credit may grow beyond this. */
export const MAX_WINDOW = 16 * 1024 * 1024;
/** What we put into one DATA frame, so that streams take turns. */
export const DATA_BYTES = 64 * 1024;
/** Streams open at one time on one socket; one more is answered with CANCEL "refused". */
export const MAX_STREAMS = 256;

export const FRAME_KIND = { open: 1, head: 2, data: 3, end: 4, cancel: 5, window: 6 } as const;

/** The request line and headers; sent by the hub only. */
export const TunnelOpen = z.object({
  kind: z.enum(["http", "websocket"]),
  method: z.string().regex(/^[A-Z]{1,20}$/u),
  /** With its query, as the browser sent it. */
  target: z
    .string()
    .max(16 * 1024)
    .regex(/^\/[\x21\x22\x24-\x5b\x5d-\x7e]*$/u),
  headers: HeaderPairs,
  /** False: no DATA follows from the hub. */
  body: z.boolean(),
  identity: z.string().max(8192).nullish(),
  github_token: z.string().max(1024).nullish(),
});
export type TunnelOpen = z.infer<typeof TunnelOpen>;

/** The answer's status and headers; sent by the machine only. 101 for a WebSocket that was accepted. */
export const TunnelHead = z.object({ status: z.int().min(101).max(599), headers: HeaderPairs });
export type TunnelHead = z.infer<typeof TunnelHead>;

/** Why a stream ends before its end. */
export const TunnelCancel = z.object({
  code: z.enum(["cancelled", "refused", "timeout", "too_large", "unauthorized", "failed", "protocol"]),
  message: z.string().max(500).nullish(),
});
export type TunnelCancel = z.infer<typeof TunnelCancel>;

export type TunnelFrame = { stream: number } & (
  | { kind: "open"; open: TunnelOpen }
  | { kind: "head"; head: TunnelHead }
  | { kind: "data"; data: Uint8Array }
  | { kind: "end" }
  | { kind: "cancel"; cancel: TunnelCancel }
  | { kind: "window"; bytes: number }
);

const textEncoder = new TextEncoder();

function frame(kind: number, stream: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(TUNNEL_HEAD_BYTES + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, kind);
  view.setUint32(1, stream);
  bytes.set(payload, TUNNEL_HEAD_BYTES);
  return bytes;
}

const json = (value: unknown): Uint8Array => textEncoder.encode(JSON.stringify(value));

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

export function encodeTunnelFrame(given: TunnelFrame): Uint8Array {
  switch (given.kind) {
    case "open":
      return frame(FRAME_KIND.open, given.stream, json(given.open));
    case "head":
      return frame(FRAME_KIND.head, given.stream, json(given.head));
    case "data":
      return frame(FRAME_KIND.data, given.stream, given.data);
    case "end":
      return frame(FRAME_KIND.end, given.stream, new Uint8Array());
    case "cancel":
      return frame(FRAME_KIND.cancel, given.stream, json(given.cancel));
    case "window":
      return frame(FRAME_KIND.window, given.stream, u32(given.bytes));
  }
}

export type ParsedTunnel =
  | { ok: true; frame: TunnelFrame }
  /** With `stream` only that stream is broken; without it the socket is. */
  | { ok: false; reason: "too_large" | "too_short" | "unknown_kind" | "invalid"; stream?: number };

const kinds = new Map(
  Object.entries(FRAME_KIND).map(([name, number]) => [number as number, name as TunnelFrame["kind"]]),
);

/** Never throws. The bytes of DATA are a view of what was given, not a copy. */
export function parseTunnelFrame(bytes: Uint8Array): ParsedTunnel {
  if (bytes.length > MAX_TUNNEL_BYTES) return { ok: false, reason: "too_large" };
  if (bytes.length < TUNNEL_HEAD_BYTES) return { ok: false, reason: "too_short" };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stream = view.getUint32(1);
  const kind = kinds.get(view.getUint8(0));
  if (kind === undefined) return { ok: false, reason: "unknown_kind", stream };
  const found = payloadOf(kind, stream, bytes.subarray(TUNNEL_HEAD_BYTES));
  return found ? { ok: true, frame: found } : { ok: false, reason: "invalid", stream };
}

function payloadOf(kind: TunnelFrame["kind"], stream: number, payload: Uint8Array): TunnelFrame | undefined {
  switch (kind) {
    case "open": {
      const open = parseJson(TunnelOpen, payload);
      return open && { kind, stream, open };
    }
    case "head": {
      const head = parseJson(TunnelHead, payload);
      return head && { kind, stream, head };
    }
    case "cancel": {
      const cancel = parseJson(TunnelCancel, payload);
      return cancel && { kind, stream, cancel };
    }
    case "data":
      return { kind, stream, data: payload };
    case "end":
      return payload.length === 0 ? { kind, stream } : undefined;
    case "window": {
      if (payload.length !== 4) return undefined;
      const bytes = new DataView(payload.buffer, payload.byteOffset, 4).getUint32(0);
      return bytes > 0 && bytes <= MAX_WINDOW ? { kind, stream, bytes } : undefined;
    }
  }
}

function parseJson<T>(shape: z.ZodType<T>, payload: Uint8Array): T | undefined {
  try {
    return shape.safeParse(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload))).data;
  } catch {
    return undefined;
  }
}
