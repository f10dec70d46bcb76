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

/** The far end of Socket Mode: connections by ticket, envelopes to any one of them, acknowledgements. */
export function openSocketMode(server: Server, world: World) {
  const sockets = new Set<WebSocket>();
  const waiting = new Map<string, Waiting>();
  const acks = { lose: 0, duplicates: [] as string[] };
  const seen = new Set<string>();
  let opened = 0;
  const wss = new WebSocketServer({ noServer: true });

  function takeAck(text: string): void {
    const answer = JSON.parse(text) as { envelope_id?: string; payload?: Json };
    const id = answer.envelope_id ?? "";
    if (acks.lose > 0) {
      acks.lose -= 1;
      return;
    }
    if (seen.has(id)) acks.duplicates.push(id);
    seen.add(id);
    waiting.get(id)?.done({ acknowledged: true, payload: answer.payload });
    waiting.delete(id);
  }

  function accept(socket: WebSocket): void {
    opened += 1;
    sockets.add(socket);
    const ping = setInterval(() => socket.ping(), PING_MS);
    socket.on("message", (data) => takeAck(String(data)));
    socket.on("error", () => socket.terminate());
    socket.on("close", () => {
      clearInterval(ping);
      sockets.delete(socket);
      for (const [id, one] of waiting)
        if (one.socket === socket) {
          waiting.delete(id);
          one.done({ acknowledged: false, payload: undefined });
        }
    });
    const debug = {
      host: "fake",
      started: new Date().toISOString(),
      build_number: 1,
      approximate_connection_time: 18_060,
    };
    const about = { connection_info: { app_id: world.appId }, num_connections: sockets.size, debug_info: debug };
    socket.send(JSON.stringify({ type: "hello", ...about }));
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
    loseAcks: (count: number): void => void (acks.lose += count),

    send(type: string, envelope: { payload: Json; retry?: number; timeoutMs: number }): Promise<SocketAnswer> {
      const socket = [...sockets][Math.floor(Math.random() * sockets.size)];
      if (!socket) return Promise.resolve({ acknowledged: false, payload: undefined });
      const id = world.newId("envelope");
      const retry = envelope.retry
        ? { retry_attempt: envelope.retry, retry_reason: "timeout" }
        : { retry_attempt: 0, retry_reason: "" };
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          waiting.delete(id);
          resolve({ acknowledged: false, payload: undefined });
        }, envelope.timeoutMs);
        const done = (answer: SocketAnswer) => {
          clearTimeout(timer);
          resolve(answer);
        };
        waiting.set(id, { socket, done });
        const accepts = { accepts_response_payload: type !== "events_api" };
        socket.send(JSON.stringify({ envelope_id: id, type, payload: envelope.payload, ...accepts, ...retry }));
      });
    },

    /** "refresh": Slack asks to come again, then closes. "link_disabled": the app's Socket Mode was switched off. "cut": the network. */
    disconnect(how: "refresh" | "link_disabled" | "cut"): void {
      for (const socket of sockets) {
        if (how === "cut") socket.terminate();
        else {
          const reason = how === "refresh" ? "refresh_requested" : how;
          socket.send(JSON.stringify({ type: "disconnect", reason, debug_info: { host: "fake" } }));
          socket.close();
        }
      }
    },

    dispose(): void {
      for (const socket of sockets) socket.terminate();
      wss.close();
    },
  };
}
