import type { Duplex } from "node:stream";
import { DATA_BYTES, INITIAL_WINDOW, MAX_WINDOW, type TunnelFrame } from "../contract/orchestrator-tunnel.ts";

/** Consumed bytes are given back as credit in portions of this size, not frame by frame. */
const GRANT_BYTES = INITIAL_WINDOW / 4;

/** So many frames, none of them read yet, are no slow reader but memory that is eaten crumb by crumb: each costs more than it carries. */
const MAX_UNREAD_FRAMES = 8_192;

/** Sends as far as the other end has given credit; the rest waits. */
export function createSender(id: number, send: (frame: TunnelFrame) => void) {
  let credit = INITIAL_WINDOW;
  let waiting: { chunk: Buffer; done: (error?: Error | null) => void } | undefined;

  function flush(): void {
    while (waiting && credit > 0) {
      const { chunk, done } = waiting;
      const size = Math.min(credit, DATA_BYTES, chunk.length);
      credit -= size;
      send({ stream: id, kind: "data", data: chunk.subarray(0, size) });
      waiting = size < chunk.length ? { chunk: chunk.subarray(size), done } : undefined;
      if (!waiting) done();
    }
  }

  return {
    write(chunk: Buffer, done: (error?: Error | null) => void): void {
      if (chunk.length === 0) return done();
      waiting = { chunk, done };
      flush();
    },
    /** False when the other end gives more than it may. */
    grant(bytes: number): boolean {
      credit += bytes;
      flush();
      return credit <= MAX_WINDOW;
    },
    drop(): void {
      waiting = undefined;
    },
  };
}

/** Keeps what came until it is read, and gives credit for what was. */
export function createReceiver(id: number, send: (frame: TunnelFrame) => void) {
  const queue: Uint8Array[] = [];
  let credit = INITIAL_WINDOW;
  let consumed = 0;
  let isEnded = false;
  let wantsMore = false;
  let frames = 0;
  let frameBytes = 0;

  /** Looked at once in a while: whether all of the last frames still wait. What waits is read in the order in which it came. */
  function isFloodedBy(data: Uint8Array, to: Duplex): boolean {
    frames += 1;
    frameBytes += data.length;
    if (frames < MAX_UNREAD_FRAMES) return false;
    const waiting = queue.reduce((sum, { length }) => sum + length, to.readableLength + data.length);
    const isFlood = waiting >= frameBytes;
    frames = 0;
    frameBytes = 0;
    return isFlood;
  }

  function pull(to: Duplex): void {
    wantsMore = true;
    for (let chunk = queue[0]; wantsMore && chunk; chunk = queue[0]) {
      queue.shift();
      consumed += chunk.length;
      wantsMore = to.push(chunk);
    }
    if (queue.length === 0 && isEnded) {
      to.push(null);
    } else if (consumed >= GRANT_BYTES) {
      credit += consumed;
      send({ stream: id, kind: "window", bytes: consumed });
      consumed = 0;
    }
  }

  return {
    pull,
    /** False when more came than there was credit for, or after the end, or in crumbs that nobody reads. */
    take(data: Uint8Array, to: Duplex): boolean {
      credit -= data.length;
      if (credit < 0 || isEnded || isFloodedBy(data, to)) return false;
      if (data.length > 0) queue.push(data);
      if (wantsMore) pull(to);
      return true;
    },
    end(to: Duplex): boolean {
      if (isEnded) return false;
      isEnded = true;
      if (wantsMore || queue.length === 0) pull(to);
      return true;
    },
    drop(): void {
      queue.length = 0;
    },
  };
}
