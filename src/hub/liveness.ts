import type { WebSocket } from "ws";
import { HUB_LIMITS } from "./limits.ts";

export type Liveness = ReturnType<typeof startLiveness>;

/**
 * Pings every socket and ends those that answered none of the last pings: a peer that lost its power never says goodbye.
 * Pings are counted, not time: when this process itself stood still, its peers are asked again before they are given up.
 */
export function startLiveness({ pingMs, silentMs }: { pingMs: number; silentMs: number } = HUB_LIMITS) {
  const unanswered = new Map<WebSocket, number>();

  const timer = setInterval(() => {
    for (const [socket, pings] of unanswered) {
      if (pings * pingMs >= silentMs) socket.terminate();
      else if (socket.readyState === socket.OPEN) {
        unanswered.set(socket, pings + 1);
        socket.ping();
      }
    }
  }, pingMs).unref();

  return {
    watch(socket: WebSocket): void {
      const alive = () => unanswered.has(socket) && unanswered.set(socket, 0);
      unanswered.set(socket, 0);
      socket.on("pong", alive).on("ping", alive).on("message", alive);
      socket.once("close", () => unanswered.delete(socket));
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

/** Whether the peer answers a ping in time. */
export function answersPing(socket: WebSocket, timeoutMs: number): Promise<boolean> {
  if (socket.readyState !== socket.OPEN) return Promise.resolve(false);
  return new Promise((resolve) => {
    const end = (answer: boolean) => () => {
      clearTimeout(timer);
      socket.off("pong", yes).off("close", no);
      resolve(answer);
    };
    const [yes, no] = [end(true), end(false)];
    const timer = setTimeout(no, timeoutMs);
    socket.on("pong", yes).on("close", no);
    socket.ping();
  });
}
