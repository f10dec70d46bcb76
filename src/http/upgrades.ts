import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

export type OnUpgrade = (req: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Something that speaks WebSocket at some paths, and judges itself who may. */
export interface SocketDoor {
  accepts(path: string): boolean;
  upgrade(path: string, ...request: Parameters<OnUpgrade>): void;
  /** Ends its sockets: they would end neither by themselves nor with the server. */
  close(): void;
}

/** The one place where connections leave HTTP: each goes to the door whose path it asks for. */
export const dispatchUpgrades =
  (doors: readonly SocketDoor[]): OnUpgrade =>
  (req, socket, head) => {
    const path = (req.url ?? "/").split("?", 1)[0] ?? "/";
    const door = doors.find((one) => one.accepts(path));
    if (door) door.upgrade(path, req, socket, head);
    else refuseUpgrade(req, socket);
  };

/** Nothing here speaks WebSocket. */
export function refuseUpgrade(_req: IncomingMessage, socket: Duplex): void {
  socket.on("error", () => socket.destroy());
  socket.end("HTTP/1.1 426 Upgrade Required\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", () => socket.destroy());
}
