import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { backoffMs } from "../../src/lib/backoff.ts";
import { startHeartbeat } from "../../src/orchestrator/heartbeat.ts";

/** As our machine's by default: src/config-orchestrator.ts and src/orchestrator/stay-connected.ts. */
const PACE = { baseMs: 5_000, capMs: 60_000 };
const STEADY_MS = 30_000;
const HEARTBEAT_MS = 30_000;
const HANDSHAKE_MS = 15_000;

interface Settings {
  port: number;
  token: string;
  name: string;
  /** Where the hub sees it come from, as by a proxy on the hub's computer: it admits so many sockets a minute of each address. */
  address: string;
}

export type LightMachine = ReturnType<typeof startLightMachine>;

/**
 * A machine of which there can be ten thousand in a process, each of a host of its own: the protocol, heartbeat, pauses
 * and jitter of ours, and nothing behind them.
 */
export function startLightMachine({ port, token, name, address }: Settings) {
  const stopped = new AbortController();
  const url = `ws://127.0.0.1:${port}/ws/connect?token=${token}&client_id=${name}`;
  const registered = Promise.withResolvers<void>();
  let [attempts, socket, isRegistered] = [0, undefined as WebSocket | undefined, false];

  /** Resolves when the socket is gone, with how long it was registered. */
  function holdOnce(): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>();
    let since = Number.POSITIVE_INFINITY;
    const one = new WebSocket(url, {
      handshakeTimeout: HANDSHAKE_MS,
      perMessageDeflate: false,
      headers: { "x-forwarded-for": address },
    });
    socket = one;
    attempts += 1;
    const say = (frame: object) => one.readyState === one.OPEN && one.send(JSON.stringify(frame));
    const heartbeat = startHeartbeat({
      intervalMs: HEARTBEAT_MS,
      ping: () => say({ type: "ping", client_id: name }),
      onDead: () => one.terminate(),
    });
    one.on("open", () => say(registerFrame(name, token)));
    one.on("message", (data: Buffer) => {
      heartbeat.heard();
      if (isRegistered || !data.includes('"registered"')) return;
      isRegistered = true;
      since = performance.now();
      registered.resolve();
    });
    one.on("error", () => undefined);
    one.on("close", () => {
      heartbeat.stop();
      isRegistered = false;
      resolve(performance.now() - since);
    });
    return promise;
  }

  async function keepOn(): Promise<void> {
    for (let attempt = 1; !stopped.signal.aborted; attempt++) {
      const heldMs = await holdOnce();
      if (heldMs >= STEADY_MS) attempt = 1;
      await sleep(backoffMs(attempt, PACE), undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  }
  const running = keepOn();

  return {
    name,
    registered: registered.promise,
    isRegistered: () => isRegistered,
    /** Connections tried since it was started, or since `forget`. */
    attempts: () => attempts,
    forget: () => void (attempts = 0),
    report: (status: "idle" | "busy") =>
      socket?.send(JSON.stringify({ type: "status_update", client_id: name, status })),
    async stop(): Promise<void> {
      stopped.abort();
      socket?.terminate();
      await running;
    },
  };
}

const registerFrame = (name: string, token: string) => ({
  type: "register",
  client_id: name,
  user_token: token,
  metadata: {
    hostname: name,
    project: "/home/someone/project",
    status: "idle",
    version: "0.1.0",
    platform: "linux",
    callback_url: null,
    capabilities: ["tunnel-1", "reports-1"],
  },
});
