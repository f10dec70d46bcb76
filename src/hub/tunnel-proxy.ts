import type { IncomingMessage, ServerResponse } from "node:http";
import { STATUS_CODES } from "node:http";
import { type Duplex, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { hasBody } from "../auth/browser-rules.ts";
import { TunnelOpen, type TunnelHead } from "../contract/orchestrator-tunnel.ts";
import { AppError } from "../lib/errors.ts";
import { StreamCancelled, type Tunnel, type TunnelStream } from "../lib/tunnel-streams.ts";
import { HUB_LIMITS } from "./limits.ts";
import { answerHeaders, requestHeaders } from "./proxy-headers.ts";

interface Way {
  tunnel: Tunnel;
  identity: string;
}

function openStream(req: IncomingMessage, { tunnel, identity }: Way, kind: "http" | "websocket"): TunnelStream {
  const open = TunnelOpen.safeParse({
    kind,
    method: req.method ?? "GET",
    target: req.url ?? "/",
    headers: requestHeaders(req),
    body: kind === "websocket" || hasBody(req),
    identity,
  });
  if (!open.success) throw new AppError("invalid", "This request cannot be handed on");
  return tunnel.open(open.data);
}

/** The head of the answer, unless nothing moves for 30 s; a long upload is no silence. */
async function headOf(stream: TunnelStream, moving: IncomingMessage): Promise<TunnelHead> {
  const timer = setTimeout(
    () => stream.destroy(new StreamCancelled({ code: "timeout" })),
    HUB_LIMITS.firstByteMs,
  ).unref();
  const again = () => timer.refresh();
  moving.on("data", again);
  try {
    return await stream.head;
  } finally {
    clearTimeout(timer);
    moving.off("data", again);
  }
}

/** One request through the tunnel, streamed both ways; the browser that goes away ends it at the machine too. */
export async function proxyHttp(req: IncomingMessage, res: ServerResponse, way: Way): Promise<void> {
  const stream = openStream(req, way, "http");
  res.once("close", () => {
    if (!res.writableFinished) stream.destroy(new StreamCancelled({ code: "cancelled" }));
  });
  // The answer may be complete before the request is; what is left of that is nobody's concern.
  if (hasBody(req)) req.pipe(stream);
  const head = await headOf(stream, req);
  if (head.status < 200) throw new AppError("upstream_failed", "The machine answered what HTTP does not know");
  const { headers, length } = framedHeaders(head);
  res.writeHead(head.status, STATUS_CODES[head.status] ?? "", answerHeaders(headers));
  res.flushHeaders();
  const hasNoBody = req.method === "HEAD" || head.status === 204 || head.status === 304;
  const body = length === undefined || hasNoBody ? [] : [exactly(length)];
  await pipeline([stream, ...body, res]).catch(() => res.destroy());
}

/**
 * The headers of an answer whose length may be believed: what follows a wrong one would be the next answer to whoever reads
 * from this connection, and before a proxy that is anybody, at any of our origins.
 */
function framedHeaders({ status, headers }: TunnelHead): {
  headers: TunnelHead["headers"];
  length: number | undefined;
} {
  const [[, said] = ["", ""], ...more] = headers.filter(isLength);
  if (/^\d{1,15}$/u.test(said) && more.length === 0 && status !== 204) return { headers, length: Number(said) };
  return { headers: headers.filter((pair) => !isLength(pair)), length: undefined };
}

const isLength = ([name]: readonly [string, string]): boolean => name.toLowerCase() === "content-length";

const wrongLength = () => new AppError("upstream_failed", "The machine's answer has another length than it said");

/** Passes bytes on, and fails when there are not as many as were said; the connection ends with that. */
function exactly(length: number): Transform {
  let left = length;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      left -= chunk.length;
      if (left < 0) done(wrongLength());
      else done(null, chunk);
    },
    flush: (done) => done(left === 0 ? null : wrongLength()),
  });
}

/** A WebSocket through the tunnel: after the handshake its bytes pass as they are. */
export async function proxyWebSocket(req: IncomingMessage, socket: Duplex & { head: Buffer }, way: Way): Promise<void> {
  const stream = openStream(req, way, "websocket");
  socket.once("close", () => stream.destroy(new StreamCancelled({ code: "cancelled" })));
  const head = await headOf(stream, req);
  const isAccepted = head.status === 101;
  const lines = [
    `HTTP/1.1 ${head.status} ${STATUS_CODES[head.status] ?? ""}`,
    ...(isAccepted ? ["Connection: Upgrade", "Upgrade: websocket"] : ["Connection: close"]),
    ...pairLines(answerHeaders(framedHeaders(head).headers)),
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  if (isAccepted) {
    if (socket.head.length > 0) stream.write(socket.head);
    await Promise.allSettled([pipeline(socket, stream), pipeline(stream, socket)]);
  } else {
    await pipeline(stream, socket).catch(() => socket.destroy());
  }
}

const pairLines = (flat: readonly string[]): string[] =>
  flat.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${flat[index + 1] ?? ""}`] : []));
