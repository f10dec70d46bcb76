import { Duplex } from "node:stream";
import {
  DATA_BYTES,
  encodeTunnelFrame,
  MAX_STREAMS,
  parseTunnelFrame,
  type TunnelCancel,
  type TunnelFrame,
  type TunnelHead,
  type TunnelOpen,
} from "../contract/orchestrator-tunnel.ts";
import { createReceiver, createSender } from "./tunnel-flow.ts";

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
