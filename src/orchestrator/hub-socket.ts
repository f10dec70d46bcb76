import { WebSocket, type RawData } from "ws";
import type { MachineFrame } from "../contract/orchestrator-frames.ts";
import { MAX_TEXT_FRAME_BYTES } from "../contract/parse-frame.ts";

const HANDSHAKE_MS = 15_000;
/** Some hubs never answer our close; then the connection is cut. */
const CLOSE_MS = 2_000;
/** What may wait for a hub that does not read; more, and it is given up. Streams have credit and stay far below. */
const MAX_QUEUED_BYTES = 64 * 1024 * 1024;
/** What ws says of a hub that answered the upgrade with a status. */
const REFUSED = /^Unexpected server response: (\d{3})$/u;

/** How a socket ended. `status` is that of a hub which refused the upgrade. */
export interface Closing {
  code: number;
  reason: string;
  status?: number;
}

export interface HubSocket {
  /** Does nothing once the socket is closing. */
  send(frame: MachineFrame): void;
  sendBytes(bytes: Uint8Array): void;
  close(code: number, reason: string): void;
  /** Cuts the connection: the other end is gone, or not to be trusted. */
  cut(): void;
  readonly closed: Promise<Closing>;
}

interface Handlers {
  onOpen: () => void;
  onText: (text: string) => void;
  onBytes: (bytes: Uint8Array) => void;
}

/** One WebSocket, from its first try to its end. Its handlers hear of this socket only, whatever became of an earlier one. */
export function openHubSocket(url: string, { onOpen, onText, onBytes }: Handlers): HubSocket {
  const { promise: closed, resolve } = Promise.withResolvers<Closing>();
  let fault = "";
  const socket = new WebSocket(url, {
    handshakeTimeout: HANDSHAKE_MS,
    maxPayload: MAX_TEXT_FRAME_BYTES,
    perMessageDeflate: false,
    followRedirects: false,
  });
  socket.on("open", onOpen);
  socket.on("message", (data, isBinary) =>
    isBinary ? onBytes(bytesOf(data)) : onText(bytesOf(data).toString("utf8")),
  );
  socket.on("error", (error) => (fault = error.message));
  socket.on("close", (code, reason) => {
    const status = REFUSED.exec(fault)?.[1];
    resolve({ code, reason: reason.toString() || fault, ...(status !== undefined && { status: Number(status) }) });
  });
  function give(data: string | Uint8Array): void {
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send(data);
    if (socket.bufferedAmount > MAX_QUEUED_BYTES) socket.terminate();
  }

  return {
    closed,
    send: (frame) => give(JSON.stringify(frame)),
    sendBytes: give,
    close(code, reason) {
      socket.close(code, reason);
      const timer = setTimeout(() => socket.terminate(), CLOSE_MS).unref();
      void closed.then(() => clearTimeout(timer));
    },
    cut: () => socket.terminate(),
  };
}

const bytesOf = (data: RawData): Buffer => {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? Buffer.from(data) : data;
};
