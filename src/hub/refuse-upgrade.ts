import type { Duplex } from "node:stream";

const WORDS: Record<number, string> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  429: "Too Many Requests",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/** Answers an upgrade that is not made, and ends the connection. */
export function refuseUpgrade(socket: Duplex, status: number, text: string): void {
  socket.on("error", () => socket.destroy());
  const body = Buffer.from(text);
  const head = `HTTP/1.1 ${status} ${WORDS[status] ?? "Error"}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${body.length}\r\n\r\n`;
  socket.end(Buffer.concat([Buffer.from(head), body]), () => socket.destroy());
}
