import type { WebSocket } from "ws";
import { HUB_LIMITS } from "./limits.ts";

export type Liveness = ReturnType<typeof startLiveness>;

/** Pings every socket and ends those that have not been heard of: a peer that lost its power never says goodbye. */
export function startLiveness({ pingMs, silentMs }: { pingMs: number; silentMs: number } = HUB_LIMITS) {
  const heard = new Map<WebSocket, number>();

  const timer = setInterval(() => {
    const now = performance.now();
    for (const [socket, at] of heard) {
      if (now - at >= silentMs) socket.terminate();
      else if (socket.readyState === socket.OPEN) socket.ping();
    }
  }, pingMs).unref();

  return {
    watch(socket: WebSocket): void {
      const alive = () => heard.has(socket) && heard.set(socket, performance.now());
      heard.set(socket, performance.now());
      socket.on("pong", alive).on("ping", alive).on("message", alive);
      socket.once("close", () => heard.delete(socket));
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
