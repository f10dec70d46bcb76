import { once } from "node:events";
import type { Application, Request, Response } from "express";
import { AppError } from "../lib/errors.ts";

const HEARTBEAT_MS = 15_000;
const RECONNECT_MS = 2_000;
/** A client that reads slower than this much behind is dropped; it comes back with Last-Event-ID and misses nothing. */
const MAX_BUFFERED_BYTES = 1024 * 1024;
const MAX_STREAMS = 500;

export interface EventStream {
  /** `data` is sent as JSON unless it is text. */
  send(entry: { id?: string | number; event?: string; data: unknown }): void;
  comment(text?: string): void;
  /** Resolves when there is room for more, or the client is gone: who waits for it after each event is never too fast. */
  flushed(): Promise<void>;
  /** Ends the answer; the client will reconnect. */
  end(): void;
  /** Breaks off without sending what waits. */
  drop(): void;
  /** Aborts when the client is gone, was too slow, or the server is stopping. */
  closed: AbortSignal;
}

const streams = new WeakMap<Application, Set<EventStream>>();

/** Answers with a stream of server-sent events: `retry:` first, a comment every 15 s so that proxies keep it open. */
export function openEventStream(req: Request, res: Response): EventStream {
  const open = streamsOf(req.app);
  if (open.size >= MAX_STREAMS) throw new AppError("unavailable", `More than ${MAX_STREAMS} event streams are open`);
  const closed = new AbortController();
  const write = (text: string) => {
    if (closed.signal.aborted || res.writableEnded) return;
    res.write(text);
    if (res.writableLength > MAX_BUFFERED_BYTES) res.destroy();
  };
  const heartbeat = setInterval(() => write(": heartbeat\n\n"), HEARTBEAT_MS).unref();
  const stream: EventStream = {
    send: (entry) => write(frame(entry)),
    comment: (text = "") => write(`: ${oneLine(text)}\n\n`),
    async flushed() {
      if (res.writableNeedDrain && !closed.signal.aborted)
        await once(res, "drain", { signal: closed.signal }).catch(() => undefined);
    },
    end: () => void res.end(),
    drop: () => void res.destroy(),
    closed: closed.signal,
  };
  const close = () => {
    clearInterval(heartbeat);
    open.delete(stream);
    closed.abort();
  };
  res.once("close", close).once("finish", close);
  open.add(stream);
  res.writeHead(200, {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-cache, no-transform",
    // nginx would otherwise collect events until its buffer is full.
    "X-Accel-Buffering": "no",
  });
  // Express answers HEAD with the handler of GET; it has no body to wait for.
  if (req.method === "HEAD") res.end();
  write(`retry: ${RECONNECT_MS}\n\n`);
  return stream;
}

export const countEventStreams = (app: Application): number => streamsOf(app).size;

/** Ends every stream of a server that is stopping, so that its connections can close. */
export function endEventStreams(app: Application): void {
  for (const stream of streamsOf(app)) stream.end();
}

function streamsOf(app: Application): Set<EventStream> {
  const known = streams.get(app) ?? new Set();
  streams.set(app, known);
  return known;
}

function frame({ id, event, data }: { id?: string | number; event?: string; data: unknown }): string {
  const text = typeof data === "string" ? data : JSON.stringify(data);
  const lines = text.split(/\r\n|\r|\n/u).map((line) => `data: ${line}\n`);
  return `${id === undefined ? "" : `id: ${oneLine(String(id))}\n`}${event === undefined ? "" : `event: ${oneLine(event)}\n`}${lines.join("")}\n`;
}

const oneLine = (text: string): string => text.replaceAll(/[\r\n\0]/gu, " ");
