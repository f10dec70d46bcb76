import type { IncomingMessage, Server } from "node:http";
import { type Duplex, duplexPair } from "node:stream";
import { type Caller, setCaller } from "../auth/caller.ts";

export type InProcess = ReturnType<typeof openInProcess>;

/**
 * A way into the server without a socket of the machine's: what is connected here is HTTP/1.1 like any other connection,
 * but its requests come from the caller it was opened for. It has no address, so it is never taken for a local one.
 */
export function openInProcess(server: Server) {
  const callers = new WeakMap<object, Caller>();
  const introduce = (req: IncomingMessage): void => {
    const caller = callers.get(req.socket);
    if (caller) setCaller(req, caller);
  };
  // Before anything else hears of the request.
  server.prependListener("request", introduce);
  server.prependListener("upgrade", introduce);

  return {
    /** The client's end of a new connection. */
    connect(caller: Caller): Duplex {
      const [ours, theirs] = duplexPair();
      for (const end of [ours, theirs]) end.on("error", () => undefined);
      // Destroying one end only tells the other that nothing more comes: an event stream would go on for ever.
      ours.once("close", () => theirs.destroy());
      callers.set(theirs, caller);
      server.emit("connection", theirs);
      return ours;
    },
  };
}
