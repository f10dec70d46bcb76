import { Duplex } from "node:stream";
import {
  DATA_BYTES,
  encodeTunnelFrame,
  INITIAL_WINDOW,
  MAX_STREAMS,
  MAX_WINDOW,
  parseTunnelFrame,
  type TunnelCancel,
  type TunnelFrame,
  type TunnelHead,
  type TunnelOpen,
} from "../contract/orchestrator-tunnel.ts";

/** Consumed bytes are given back as credit in portions of this size, not frame by frame. */
const GRANT_BYTES = INITIAL_WINDOW / 4;

/** The end of a stream before its end, whoever wanted it. */
export class StreamCancelled extends Error {
  override readonly name = "StreamCancelled";
  readonly code: TunnelCancel["code"];
  constructor({ code, message }: TunnelCancel) {
    super(message ?? code);
    this.code = code;
  }
}

/** One request: bytes both ways. Destroying it says CANCEL to the other end; a StreamCancelled says which. */
export interface TunnelStream extends Duplex {
  readonly id: number;
  /** The answer's head, at the end that opened the stream; rejects with StreamCancelled. */
  readonly head: Promise<TunnelHead>;
  /** At the end that answers; what is written afterwards is the answer's body. */
  sendHead(head: TunnelHead): void;
}

export interface TunnelParts {
  /** Hands one binary message to the socket. */
  send: (message: Uint8Array) => void;
  /** Called for each stream the other end opens; without it, none may be opened. */
  onOpen?: (stream: TunnelStream, open: TunnelOpen) => void;
  maxStreams?: number;
}

export type Tunnel = ReturnType<typeof createTunnel>;

interface Entry {
  stream: TunnelStream;
  take: (frame: TunnelFrame) => void;
}

/** The streams of one socket, at either end of it. It is over when the socket is: `close` ends them all. */
export function createTunnel({ send, onOpen, maxStreams = MAX_STREAMS }: TunnelParts) {
  const entries = new Map<number, Entry>();
  let lastId = 0;
  let isClosed = false;
  const sendFrame = (frame: TunnelFrame): void => {
    if (!isClosed) send(encodeTunnelFrame(frame));
  };

  function add(id: number, open: TunnelOpen, isOpener: boolean): TunnelStream {
    const entry = createStream(id, { send: sendFrame, hasBody: open.body, isOpener });
    entries.set(id, entry);
    entry.stream.once("close", () => entries.delete(id));
    return entry.stream;
  }

  function accept(id: number, open: TunnelOpen): void {
    // An id that was used before would mix two requests.
    if (!onOpen || id <= lastId) return sendFrame({ stream: id, kind: "cancel", cancel: { code: "protocol" } });
    lastId = id;
    if (entries.size >= maxStreams) return sendFrame({ stream: id, kind: "cancel", cancel: { code: "refused" } });
    onOpen(add(id, open, false), open);
  }

  return {
    get size(): number {
      return entries.size;
    },

    /** Begins a request; the other end's answer is the stream's `head` and its bytes. Throws when too many are open. */
    open(open: TunnelOpen): TunnelStream {
      if (isClosed || entries.size >= maxStreams) throw new StreamCancelled({ code: "refused" });
      lastId += 1;
      sendFrame({ stream: lastId, kind: "open", open });
      return add(lastId, open, true);
    },

    /** Takes one binary message; false when it was none of ours, and the socket is not to be trusted. */
    receive(message: Uint8Array): boolean {
      const parsed = parseTunnelFrame(message);
      if (parsed.ok) {
        const { frame } = parsed;
        if (frame.kind === "open") accept(frame.stream, frame.open);
        else entries.get(frame.stream)?.take(frame);
        return true;
      }
      if (parsed.stream === undefined) return false;
      const broken = entries.get(parsed.stream)?.stream;
      if (broken) broken.destroy(new StreamCancelled({ code: "protocol" }));
      else sendFrame({ stream: parsed.stream, kind: "cancel", cancel: { code: "protocol" } });
      return true;
    },

    /** The socket is gone: every stream ends, and nothing is sent any more. */
    close(): void {
      isClosed = true;
      for (const { stream } of entries.values()) stream.destroy(new StreamCancelled({ code: "failed" }));
    },
  };
}

interface StreamParts {
  send: (frame: TunnelFrame) => void;
  /** Whether the opener sends bytes. */
  hasBody: boolean;
  isOpener: boolean;
}

function createStream(id: number, { send, hasBody, isOpener }: StreamParts): Entry {
  const sender = createSender(id, send);
  const receiver = createReceiver(id, send);
  const head = Promise.withResolvers<TunnelHead>();
  head.promise.catch(() => undefined);
  let isSilenced = false;
  const sendsNothing = isOpener && !hasBody;

  const duplex = new Duplex({
    readableHighWaterMark: DATA_BYTES,
    writableHighWaterMark: DATA_BYTES,
    read: () => receiver.pull(duplex),
    write: (chunk: Buffer, _encoding, done) => sender.write(chunk, done),
    final(done) {
      if (!sendsNothing) send({ stream: id, kind: "end" });
      done();
    },
    destroy(error, done) {
      const isOver = duplex.readableEnded && duplex.writableFinished;
      if (!isSilenced && !(isOver && error === null)) send({ stream: id, kind: "cancel", cancel: cancelOf(error) });
      head.reject(error ?? new StreamCancelled({ code: "cancelled" }));
      sender.drop();
      receiver.drop();
      done(error);
    },
  });
  // Whoever uses the stream sees it end; unheard, an error would end the process.
  duplex.on("error", () => undefined);

  const stream = Object.assign(duplex, {
    id,
    head: head.promise,
    sendHead: (value: TunnelHead) => send({ stream: id, kind: "head", head: value }),
  });
  if (sendsNothing) stream.end();
  if (!isOpener && !hasBody) receiver.end(stream);

  /** What only breaks the rules is this stream's end. */
  function take(frame: TunnelFrame): void {
    if (frame.kind === "window" && sender.grant(frame.bytes)) return;
    if (frame.kind === "data" && receiver.take(frame.data, stream)) return;
    if (frame.kind === "end" && receiver.end(stream)) return;
    if (frame.kind === "head" && isOpener) return head.resolve(frame.head);
    if (frame.kind === "cancel") {
      isSilenced = true;
      stream.destroy(new StreamCancelled(frame.cancel));
      return;
    }
    stream.destroy(new StreamCancelled({ code: "protocol" }));
  }
  return { stream, take };
}

const cancelOf = (error: Error | null): TunnelCancel =>
  error instanceof StreamCancelled ? { code: error.code } : { code: error ? "failed" : "cancelled" };

/** Sends as far as the other end has given credit; the rest waits. */
function createSender(id: number, send: (frame: TunnelFrame) => void) {
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
function createReceiver(id: number, send: (frame: TunnelFrame) => void) {
  const queue: Uint8Array[] = [];
  let credit = INITIAL_WINDOW;
  let consumed = 0;
  let isEnded = false;
  let wantsMore = false;

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
    /** False when more came than there was credit for, or after the end. */
    take(data: Uint8Array, to: Duplex): boolean {
      credit -= data.length;
      if (credit < 0 || isEnded) return false;
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
