import type { WebSocket } from "ws";
import { type HubFrame, TUNNEL_CAPABILITY } from "../contract/orchestrator-frames.ts";
import { createTunnel } from "../lib/tunnel-streams.ts";
import { CLOSE } from "./close-codes.ts";
import { HUB_LIMITS } from "./limits.ts";
import { createPlainRequests } from "./plain-requests.ts";
import { createUserRequests } from "./user-requests.ts";

export interface MachineIdentity {
  machineId: string;
  connectionId: string;
  tokenId: string;
  userId: string;
  /** What the machine calls itself. */
  clientId: string;
  capabilities: readonly string[];
}

export type MachineLink = ReturnType<typeof createMachineLink>;

/** A machine that is registered at this process: what can be said to it, and what is under way with it. */
export function createMachineLink(socket: WebSocket, identity: MachineIdentity) {
  const send = (frame: HubFrame): boolean => sendFrame(socket, frame);
  const plain = createPlainRequests(send);
  const userRequests = createUserRequests(send);
  const hasTunnel = identity.capabilities.includes(TUNNEL_CAPABILITY);
  const tunnel = hasTunnel ? createTunnel({ send: (message) => sendBytes(socket, message) }) : undefined;
  const close = (code: number, reason: string): void => closeSocket(socket, code, reason);
  const waiting = new Set<() => void>();

  return {
    ...identity,
    socket,
    hasTunnel,
    tunnel,
    send,
    plain,
    userRequests,
    /** Whether somebody waits for an answer by frame. */
    isAsked: (): boolean => plain.size + userRequests.size > 0,
    /** Ends it for a reason the machine is told. */
    close,
    replaced: () => close(CLOSE.replaced, "A newer connection of this machine"),
    /** Calls back when the socket is gone; returns what takes that back. */
    whenEnded(callback: () => void): () => void {
      waiting.add(callback);
      return () => void waiting.delete(callback);
    },
    /** The socket is gone. */
    end(): void {
      tunnel?.close();
      plain.end();
      userRequests.end();
      for (const callback of waiting) callback();
    },
  };
}

/** A machine that gives credit and does not read would have us keep it all: it is given up. */
function sendBytes(socket: WebSocket, message: Uint8Array): void {
  if (socket.bufferedAmount > HUB_LIMITS.machineQueueBytes) socket.terminate();
  else socket.send(message);
}

/** False when it is gone, or so far behind that it is given up. */
export function sendFrame(socket: WebSocket, frame: unknown, queuedBytes = HUB_LIMITS.machineQueueBytes): boolean {
  if (socket.readyState !== socket.OPEN) return false;
  if (socket.bufferedAmount > queuedBytes) {
    socket.terminate();
    return false;
  }
  socket.send(JSON.stringify(frame));
  return true;
}

const CLOSE_MS = 3_000;

/** Says goodbye, does not wait for ever for the answer, and hears nothing more of a peer that goes on all the same. */
export function closeSocket(socket: WebSocket, code: number, reason: string): void {
  if (socket.readyState !== socket.OPEN) return;
  socket.removeAllListeners("message");
  socket.close(code, reason);
  const timer = setTimeout(() => socket.terminate(), CLOSE_MS).unref();
  socket.once("close", () => clearTimeout(timer));
}
