import type { IncomingMessage, Server } from "node:http";
import { WebSocketServer, type WebSocket } from "ws";
import type { Json } from "./state.ts";
import type { World } from "./world.ts";

const PING_MS = 2_000;

/** What the app answered to an envelope: nothing when no connection was there or none answered in time. */
export interface SocketAnswer {
  acknowledged: boolean;
  payload: Json | undefined;
}

interface Waiting {
  socket: WebSocket;
  done(answer: SocketAnswer): void;
}

const NOT_TAKEN: SocketAnswer = { acknowledged: false, payload: undefined };

/** The envelopes that wait for their acknowledgement, and what the app said about the earlier ones. */
function createAcks() {
  const waiting = new Map<string, Waiting>();
  const seen = new Set<string>();
  const duplicates: string[] = [];
  let toLose = 0;

  return {
    duplicates,

    lose(count: number): void {
      toLose += count;
    },

    take(text: string): void {
      const answer = JSON.parse(text) as { envelope_id?: string; payload?: Json };
      const id = answer.envelope_id ?? "";
      if (toLose > 0) {
        toLose -= 1;
        return;
      }
      if (seen.has(id)) duplicates.push(id);
      seen.add(id);
      waiting.get(id)?.done({ acknowledged: true, payload: answer.payload });
      waiting.delete(id);
    },

    wait(id: string, socket: WebSocket, timeoutMs: number): Promise<SocketAnswer> {
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          waiting.delete(id);
          resolve(NOT_TAKEN);
        }, timeoutMs);
        const done = (answer: SocketAnswer) => {
          clearTimeout(timer);
          resolve(answer);
        };
        waiting.set(id, { socket, done });
      });
    },

    /** Nothing comes from a closed connection any more. */
    giveUp(socket: WebSocket): void {
      for (const [id, one] of waiting)
        if (one.socket === socket) {
          waiting.delete(id);
          one.done(NOT_TAKEN);
        }
    },
  };
}

function greet(socket: WebSocket, appId: string, connections: number): void {
  const debug = {
    host: "fake",
    started: new Date().toISOString(),
    build_number: 1,
    approximate_connection_time: 18_060,
  };
  const about = { connection_info: { app_id: appId }, num_connections: connections, debug_info: debug };
  socket.send(JSON.stringify({ type: "hello", ...about }));
}

function sendAway(socket: WebSocket, how: "refresh" | "link_disabled" | "cut"): void {
  if (how === "cut") {
    socket.terminate();
    return;
  }
  const reason = how === "refresh" ? "refresh_requested" : how;
  socket.send(JSON.stringify({ type: "disconnect", reason, debug_info: { host: "fake" } }));
  socket.close();
}

/** The far end of Socket Mode: connections by ticket, envelopes to any one of them, acknowledgements. */
export function openSocketMode(server: Server, world: World) {
  const sockets = new Set<WebSocket>();
  const acks = createAcks();
  let opened = 0;
  const wss = new WebSocketServer({ noServer: true });

  function accept(socket: WebSocket): void {
    opened += 1;
    sockets.add(socket);
    const ping = setInterval(() => socket.ping(), PING_MS);
    socket.on("message", (data) => acks.take((data as Buffer).toString()));
    socket.on("error", () => socket.terminate());
    socket.on("close", () => {
      clearInterval(ping);
      sockets.delete(socket);
      acks.giveUp(socket);
    });
    greet(socket, world.appId, sockets.size);
  }

  server.on("upgrade", (req: IncomingMessage, stream, head) => {
    const url = new URL(req.url ?? "/", world.origin);
    const ticket = url.searchParams.get("ticket") ?? "";
    // A ticket is good for one connection.
    if (url.pathname !== "/link/" || !world.socketTickets.delete(ticket)) return void stream.destroy();
    return wss.handleUpgrade(req, stream, head, accept);
  });

  return {
    get connections(): number {
      return sockets.size;
    },
    /** How many connections there ever were. */
    get opened(): number {
      return opened;
    },
    /** Envelopes that were acknowledged more than once. */
    duplicates: acks.duplicates,
    /** The next acknowledgements get lost on their way to us. */
    loseAcks: acks.lose,

    send(type: string, envelope: { payload: Json; retry?: number; timeoutMs: number }): Promise<SocketAnswer> {
      const socket = [...sockets][Math.floor(Math.random() * sockets.size)];
      if (!socket) return Promise.resolve(NOT_TAKEN);
      const id = world.newId("envelope");
      const retry = envelope.retry
        ? { retry_attempt: envelope.retry, retry_reason: "timeout" }
        : { retry_attempt: 0, retry_reason: "" };
      const answer = acks.wait(id, socket, envelope.timeoutMs);
      const accepts = { accepts_response_payload: type !== "events_api" };
      socket.send(JSON.stringify({ envelope_id: id, type, payload: envelope.payload, ...accepts, ...retry }));
      return answer;
    },

    /** "refresh": Slack asks to come again, then closes. "link_disabled": the app's Socket Mode was switched off. "cut": the network. */
    disconnect(how: "refresh" | "link_disabled" | "cut"): void {
      for (const socket of sockets) sendAway(socket, how);
    },

    dispose(): void {
      for (const socket of sockets) socket.terminate();
      wss.close();
    },
  };
}
