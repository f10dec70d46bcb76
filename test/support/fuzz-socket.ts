import { WebSocket } from "ws";
import type { Frame } from "./hub.ts";

const PATIENCE_MS = 30_000;
/** Sent between two looks at whether the other end is still there. */
const FLUSH_EVERY = 25;
const MOST_REFUSED = 20;
/** What the other end says when it was not prepared for what it read. */
const FAULT = 1011;

/** A socket that says what it likes, and keeps the ids it is told. */
export interface FuzzSocket {
  socket: WebSocket;
  /** How the other end closed it; 0 while it is open. */
  closed: { code: number };
  /** Of requests that the other end made, with ids that are right. */
  requestIds: string[];
}

/** Which of these events comes first; "late" when none does. */
function firstOf(socket: WebSocket, names: readonly string[]): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(() => resolve("late"), PATIENCE_MS);
  const hear = names.map((name) => [name, () => resolve(name)] as const);
  for (const [name, tell] of hear) socket.once(name, tell);
  return promise.finally(() => {
    clearTimeout(timer);
    for (const [name, tell] of hear) socket.off(name, tell);
  });
}

async function openFuzzSocket(url: string, hello: object | undefined): Promise<FuzzSocket | undefined> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  const requestIds: string[] = [];
  const closed = { code: 0 };
  socket.on("close", (code) => (closed.code = code));
  socket.on("error", () => undefined);
  socket.on("message", (data: Buffer, isBinary) => {
    const { request_id: id } = isBinary ? {} : (JSON.parse(data.toString()) as Partial<Frame>);
    if (typeof id === "string") requestIds.push(id);
  });
  if ((await firstOf(socket, ["open", "close"])) !== "open") return undefined;
  if (hello) {
    const answered = firstOf(socket, ["message", "close"]);
    socket.send(JSON.stringify(hello));
    await answered;
  }
  return { socket, closed, requestIds };
}

/** Until the other end has read all that was said, or has closed the socket. */
async function flush(socket: WebSocket): Promise<void> {
  if (socket.readyState === WebSocket.CLOSED) return;
  const answered = firstOf(socket, ["pong", "close"]);
  if (socket.readyState === WebSocket.OPEN) socket.ping();
  if ((await answered) === "late") throw new Error("the other end neither answers nor closes");
}

export interface Attack {
  url: string;
  /** Said first on a new socket, and answered; without it the first mutant is the first word. */
  hello?: object | undefined;
  frames: number;
  /** After so many the socket is given up for another one. */
  perSocket: number;
  /** What is said next. */
  next: (socket: FuzzSocket) => string | Uint8Array;
  /** Called with each socket that was opened, before anything is said. */
  onOpen?: (socket: FuzzSocket) => Promise<void>;
}

/** Says all frames, on as many sockets as are needed. */
export async function attack(plan: Attack): Promise<void> {
  let [left, refused] = [plan.frames, 0];
  while (left > 0) {
    const it = await openFuzzSocket(plan.url, plan.hello);
    if (it) left -= await useSocket(it, left, plan);
    else if ((refused += 1) > MOST_REFUSED) throw new Error(`${plan.url} takes no sockets any more`);
  }
}

/** How much was said on it. */
async function useSocket(it: FuzzSocket, left: number, { perSocket, next, onOpen }: Attack): Promise<number> {
  await onOpen?.(it);
  const most = Math.min(perSocket, left);
  let said = 0;
  for (; said < most && it.socket.readyState === WebSocket.OPEN; said++) {
    it.socket.send(next(it));
    if (said % FLUSH_EVERY === FLUSH_EVERY - 1) await flush(it.socket);
  }
  await flush(it.socket);
  if (it.closed.code === FAULT) throw new Error("the other end had a fault of its own");
  it.socket.terminate();
  return said;
}
