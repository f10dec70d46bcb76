import { once } from "node:events";
import { createServer, type RequestListener, request as httpRequest } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { pipeline } from "node:stream/promises";
import { WebSocketServer } from "ws";
import type { TunnelOpen } from "../../src/contract/orchestrator-tunnel.ts";
import { createTunnel, type TunnelStream } from "../../src/lib/tunnel-streams.ts";
import { openSocket } from "./hub.ts";

/** A machine with the tunnel, before a small server: written from docs/orchestrator-protocol.md, not from our machine. */
export async function tunnelMachine(hubPort: number, token: string, listener: RequestListener, hostname = "tunnelled") {
  await using parts = new AsyncDisposableStack();
  const server = createServer(listener);
  const echo = new WebSocketServer({ server });
  echo.on("connection", (socket) => socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary })));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  parts.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;

  const socket = parts.use(
    await openSocket(`ws://127.0.0.1:${hubPort}/ws/connect?token=${token}&client_id=${hostname}`),
  );
  const opened: TunnelOpen[] = [];
  const tunnel = createTunnel({
    send: (message) => socket.socket.send(message),
    onOpen(stream, open) {
      opened.push(open);
      if (open.kind === "http") answerHttp(port, stream, open);
      else answerWebSocket(port, stream, open);
    },
  });
  socket.socket.on("message", (data: Buffer, isBinary: boolean) => {
    if (isBinary) tunnel.receive(data);
  });
  socket.send({
    type: "register",
    client_id: hostname,
    user_token: "",
    metadata: { hostname, project: "/p", status: "idle", capabilities: ["tunnel-1", "reports-1", "later-9"] },
  });
  const registered = await socket.frame("registered");
  const kept = parts.move();
  return { socket, opened, registered, tunnel, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

function answerHttp(port: number, stream: TunnelStream, open: TunnelOpen): void {
  const local = httpRequest({
    port,
    host: "127.0.0.1",
    method: open.method,
    path: open.target,
    headers: [...open.headers.flat(), "host", "127.0.0.1"],
  });
  local.on("response", (answer) => {
    const headers: [string, string][] = [];
    for (let index = 0; index + 1 < answer.rawHeaders.length; index += 2)
      headers.push([answer.rawHeaders[index] ?? "", answer.rawHeaders[index + 1] ?? ""]);
    stream.sendHead({ status: answer.statusCode ?? 502, headers });
    pipeline(answer, stream).catch(() => undefined);
  });
  local.on("error", () => stream.destroy());
  stream.on("close", () => local.destroy());
  stream.pipe(local);
}

/** A handshake of its own with the small server; the bytes after it pass as they are. */
function answerWebSocket(port: number, stream: TunnelStream, open: TunnelOpen): void {
  const local = connect(port, "127.0.0.1");
  const lines = open.headers.map(([name, value]) => `${name}: ${value}`);
  local.write(
    [`GET ${open.target} HTTP/1.1`, "Host: x", "Connection: Upgrade", "Upgrade: websocket", ...lines, "", ""].join(
      "\r\n",
    ),
  );
  let head = "";
  const readHead = (chunk: Buffer) => {
    head += chunk.toString("latin1");
    const end = head.indexOf("\r\n\r\n");
    if (end === -1) return;
    local.off("data", readHead);
    const accept = /sec-websocket-accept: (\S+)/iu.exec(head)?.[1] ?? "";
    stream.sendHead({ status: 101, headers: [["sec-websocket-accept", accept]] });
    const rest = Buffer.from(head.slice(end + 4), "latin1");
    if (rest.length > 0) stream.write(rest);
    pipeline(local, stream).catch(() => undefined);
    pipeline(stream, local).catch(() => undefined);
  };
  local.on("data", readHead);
  local.on("error", () => stream.destroy());
}
