import type { ServerOptions, Socket as Connection } from "engine.io";

/** What one client, and all of them together, may take of this process. */
export const ENGINE_LIMITS = {
  /** Fewer than HTTP connections at most: the API stays open when every socket is taken. */
  connections: 800,
  /** Packets that wait for a client that does not fetch them. What it missed it is shown when it comes back. */
  behind: 5_000,
  /** Namespaces a connection may ask for: more than there are. */
  namespaces: 10,
};

export const ENGINE_OPTIONS: ServerOptions = {
  transports: ["websocket", "polling"],
  pingInterval: 25_000,
  pingTimeout: 20_000,
  /** What a client may send at once. */
  maxHttpBufferSize: 64 * 1024,
  upgradeTimeout: 10_000,
};

/** How a packet of Socket.IO begins that asks for a namespace. */
const CONNECT = "0";

/**
 * Ends a connection that sends bytes, which nothing here asks for, that asks for namespaces without end, or that lets ever
 * more wait for it.
 */
export function boundConnection(connection: Connection): void {
  const close = () => connection.close(true);
  let connects = 0;
  connection.on("data", (data: unknown) => {
    if (typeof data !== "string") return close();
    if (data.startsWith(CONNECT)) connects += 1;
    if (connects > ENGINE_LIMITS.namespaces) close();
  });
  let waiting = 0;
  connection.on("packetCreate", () => {
    waiting += 1;
    if (waiting > ENGINE_LIMITS.behind) close();
  });
  // All that waited is with the transport now, which takes no more until that is sent.
  connection.on("flush", () => (waiting = 0));
}
