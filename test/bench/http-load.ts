import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface Load {
  port: number;
  connections: number;
  durationMs: number;
  /** The bytes of request number `n` on a connection, head included. */
  request: (connection: number, n: number) => Buffer;
  /** Requests a second on average, all connections together, at random moments; absent: as many as are answered. */
  perSecond?: number;
  /** What each is to be answered; 204 unless it says otherwise. */
  status?: number;
}

export interface LoadResult {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  failed: number;
}

/**
 * Asks over keep-alive connections, one request at a time on each, and measures until the answer has come. It knows
 * just enough HTTP for answers that are empty or say their length, so that on a machine with few cores the load itself costs little.
 */
export async function load({
  port,
  connections,
  durationMs,
  request,
  perSecond,
  status: expected = 204,
}: Load): Promise<LoadResult> {
  const latencies: number[] = [];
  let failed = 0;
  const end = performance.now() + durationMs;
  const pauseMs = perSecond === undefined ? 0 : (connections / perSecond) * 1_000;
  /** Independent callers come at random: the gaps between them are spread exponentially. */
  const gapMs = (): number => -Math.log(1 - Math.random()) * pauseMs;

  async function work(connection: number): Promise<void> {
    const socket = await open(port);
    let due = performance.now();
    for (let n = 0; performance.now() < end; n += 1) {
      due += gapMs();
      if (pauseMs > 0 && due > performance.now()) await sleep(due - performance.now());
      const begun = performance.now();
      const status = await exchange(socket, request(connection, n));
      const tookMs = performance.now() - begun;
      latencies.push(tookMs);
      if (status !== expected) failed += 1;
    }
    socket.destroy();
  }

  const begun = performance.now();
  await Promise.all(Array.from({ length: connections }, (_, connection) => work(connection)));
  const seconds = (performance.now() - begun) / 1_000;
  const sorted = Float64Array.from(latencies).toSorted();
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { perSecond: latencies.length / seconds, p50Ms: at(0.5), p99Ms: at(0.99), failed };
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  return socket;
}

function exchange(socket: Socket, request: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const onData = (chunk: Buffer): void => {
      answer += chunk.toString("latin1");
      if (!isComplete(answer)) return;
      socket.off("data", onData).off("close", onClose);
      resolve(Number(answer.slice(9, 12)));
    };
    const onClose = (): void => reject(new Error("the server closed the connection"));
    socket.on("data", onData).once("close", onClose);
    socket.write(request);
  });
}

function isComplete(answer: string): boolean {
  const end = answer.indexOf("\r\n\r\n");
  if (end === -1) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(answer)?.[1] ?? "0";
  return answer.length >= end + 4 + Number(length);
}
