import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { SignJWT } from "jose";
import { type WebSocket, WebSocketServer } from "ws";
import type { IdentityKey } from "../../src/contract/orchestrator-frames.ts";
import { createTunnel, type Tunnel } from "../../src/lib/tunnel-streams.ts";
import { until } from "./slack-app.ts";

export interface Frame {
  type: string;
  [field: string]: unknown;
}

/** One machine's socket, as the hub sees it. */
export interface MachineSocket {
  request: IncomingMessage;
  socket: WebSocket;
  frames: Frame[];
  tunnel: Tunnel;
  send(frame: object | string): void;
  /** The first frame of this type, by this predicate, that ever came. */
  frame(type: string, isIt?: (frame: Frame) => boolean): Promise<Frame>;
  isOpen(): boolean;
}

export type HubBehaviour = (machine: MachineSocket, frame: Frame) => void;

export interface HubStandIn extends AsyncDisposable {
  url: string;
  port: number;
  machines: MachineSocket[];
  /** Waits for the nth socket, from 0. */
  machine(nth: number): Promise<MachineSocket>;
  /** Who is asking, signed as our own hub signs it. */
  sign(claims: object, options?: { audience?: string; expires?: string; kid?: string }): Promise<string>;
  key: IdentityKey;
}

/** Answers as the existing hub does; with `key` as ours does. */
export const polite =
  (key?: IdentityKey): HubBehaviour =>
  (machine, frame) => {
    const extension = key ? { capabilities: ["tunnel-1", "reports-1"], identity_keys: [key] } : {};
    if (frame.type === "register") machine.send({ type: "registered", success: true, message: "", ...extension });
    if (frame.type === "pending_register") machine.send({ type: "pending_registered", success: true });
    if (frame.type === "ping") machine.send({ type: "pong", client_id: frame["client_id"] });
  };

interface Options {
  behave?: (key: IdentityKey) => HubBehaviour;
  port?: number;
  /** Answers the upgrade with this status. */
  refuse?: number;
}

/** A hub on loopback that does what a test tells it to. */
export async function startHubStandIn({
  behave = () => polite(),
  port = 0,
  refuse,
}: Options = {}): Promise<HubStandIn> {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const key: IdentityKey = {
    kty: "OKP",
    crv: "Ed25519",
    x: publicKey.export({ format: "jwk" }).x ?? "",
    kid: "test-1",
  };
  const machines: MachineSocket[] = [];
  const server = createServer((_req, res) => res.writeHead(404).end());
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 64 * 1024 * 1024 });
  server.on("upgrade", (request, socket, head) => {
    if (refuse !== undefined) return void socket.end(`HTTP/1.1 ${refuse} No\r\nConnection: close\r\n\r\n`);
    sockets.handleUpgrade(request, socket, head, (one) => machines.push(machineSocket(one, request, behave(key))));
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const { port: listening } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${listening}/ws/connect`,
    port: listening,
    machines,
    key,
    machine: (nth) =>
      until(
        () => machines[nth],
        () => `socket ${nth} did not come, only ${machines.length}`,
      ),
    sign: (claims, { audience = "test-machine", expires = "60s", kid = key.kid } = {}) =>
      new SignJWT({ ...claims })
        .setProtectedHeader({ alg: "EdDSA", kid })
        .setAudience(audience)
        .setIssuedAt()
        .setExpirationTime(expires)
        .sign(privateKey),
    async [Symbol.asyncDispose]() {
      for (const one of sockets.clients) one.terminate();
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function machineSocket(socket: WebSocket, request: IncomingMessage, behave: HubBehaviour): MachineSocket {
  const frames: Frame[] = [];
  const tunnel = createTunnel({ send: (bytes) => socket.send(bytes) });
  const machine: MachineSocket = {
    request,
    socket,
    frames,
    tunnel,
    send: (frame) => socket.send(typeof frame === "string" ? frame : JSON.stringify(frame)),
    frame: (type, isIt = () => true) =>
      until(
        () => frames.find((frame) => frame.type === type && isIt(frame)),
        () => `no ${type} came, only ${JSON.stringify(frames).slice(0, 2000)}`,
      ),
    isOpen: () => socket.readyState === socket.OPEN,
  };
  socket.on("error", () => undefined);
  socket.on("close", () => tunnel.close());
  socket.on("message", (data: Buffer, isBinary: boolean) => {
    if (isBinary) return void tunnel.receive(data);
    const frame = JSON.parse(data.toString("utf8")) as Frame;
    frames.push(frame);
    behave(machine, frame);
  });
  return machine;
}
