import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import { isLoopbackName } from "../auth/host-names.ts";
import { AppError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import { answerBrokenRequest } from "./broken-request.ts";
import { createHttpApp, type HttpParts, type HttpSettings } from "./http-app.ts";
import { countEventStreams, endEventStreams } from "./sse.ts";
import { dispatchUpgrades, refuseUpgrade, type OnUpgrade } from "./upgrades.ts";

/** What one client, and all of them together, may take of the server. */
export const HTTP_LIMITS = {
  /** A client gets this long to send its headers, and its whole request; slower ones are cut off (408). */
  headersTimeoutMs: 15_000,
  requestTimeoutMs: 120_000,
  timeoutCheckMs: 2_000,
  /** Longer than the 60 s after which common proxies drop an idle connection, so that they close it, not we. */
  keepAliveMs: 65_000,
  /** A connection on which nothing moves, such as a client that stopped reading; event streams have heartbeats. */
  idleSocketMs: 300_000,
  headerBytes: 16 * 1024,
  headers: 100,
  connections: 1_000,
  /** How long answers under way may take once the server is told to stop. */
  drainMs: 10_000,
};
export type HttpLimits = typeof HTTP_LIMITS;

const DRAIN_CHECK_MS = 50;
const NAMES = { host: "API_HOST", port: "API_PORT" };

export interface HttpServer extends AsyncDisposable {
  url: string;
  port: number;
  server: Server;
}

export interface AppServer extends HttpServer {
  /** Dashboards and other feeds that are open right now. */
  countEventStreams: () => number;
}

export interface ListenOptions {
  /** What sets the address, for the message when it cannot be listened on. */
  settings: { host: string; port: number; names?: { host: string; port: string } };
  log: Logger;
  limits?: HttpLimits;
  /** Without it no path speaks WebSocket. */
  onUpgrade?: OnUpgrade;
  /** Ends what would not end by itself, such as event streams, before answers under way are waited for. */
  beforeDrain?: () => void;
}

/** Listens; disposing stops accepting, ends event streams, waits up to 10 s for answers under way, then closes the rest. */
export async function startServer(parts: HttpParts, limits: HttpLimits = HTTP_LIMITS): Promise<AppServer> {
  const { settings, log, socketDoors = [] } = parts;
  refuseOpenDoor(settings);
  const app = createHttpApp(parts);
  const listening = await startListening(app, {
    settings,
    log,
    limits,
    onUpgrade: dispatchUpgrades(socketDoors),
    beforeDrain() {
      endEventStreams(app);
      for (const door of socketDoors) door.close();
    },
  });
  return { ...listening, countEventStreams: () => countEventStreams(app) };
}

/** A server for any application, with our limits and our way to stop. */
export async function startListening(app: RequestListener, options: ListenOptions): Promise<HttpServer> {
  const { settings, log, limits = HTTP_LIMITS, onUpgrade = refuseUpgrade, beforeDrain } = options;
  const server = limitedServer(app, limits).on("upgrade", onUpgrade);
  const underWay = answersUnderWay(server);
  await listen(server, settings);
  const { port } = server.address() as AddressInfo;
  const url = `http://${urlHost(settings.host)}:${port}`;
  log.info({ url }, "listening");
  return {
    url,
    port,
    server,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      beforeDrain?.();
      await allAnswered(server, underWay, limits.drainMs);
      server.closeAllConnections();
      await closed;
    },
  };
}

function limitedServer(app: RequestListener, limits: HttpLimits): Server {
  const server = createServer(
    {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      connectionsCheckingInterval: limits.timeoutCheckMs,
      keepAliveTimeout: limits.keepAliveMs,
      maxHeaderSize: limits.headerBytes,
      // Java's client offers h2c on every request; only a WebSocket really wants another protocol.
      shouldUpgradeCallback: (req: IncomingMessage) => req.headers.upgrade?.toLowerCase() === "websocket",
    },
    app,
  );
  server.maxHeadersCount = limits.headers;
  server.maxConnections = limits.connections;
  server.timeout = limits.idleSocketMs;
  return server.on("clientError", answerBrokenRequest);
}

function refuseOpenDoor({ host, apiKeys }: HttpSettings): void {
  if (isLoopbackName(host) || apiKeys.length > 0) return;
  throw new AppError(
    "invalid",
    `Listening on ${host} would let everyone on the network run Claude here: set API_KEY, or listen on 127.0.0.1`,
  );
}

async function listen(server: Server, { host, port, names = NAMES }: ListenOptions["settings"]): Promise<void> {
  server.listen({ host, port });
  try {
    await once(server, "listening");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    const reason =
      code === "EADDRINUSE"
        ? `another program listens there; stop it or set ${names.port}`
        : code === "EACCES"
          ? `this account may not; set ${names.port} above 1023`
          : `check ${names.host}`;
    throw new AppError("unavailable", `Cannot listen on ${urlHost(host)}:${port}: ${reason}`, { cause: error });
  }
}

/**
 * Counts answers, not connections: a browser opens some in advance and sends nothing on them, which node would wait for.
 */
function answersUnderWay(server: Server): ReadonlySet<ServerResponse> {
  const open = new Set<ServerResponse>();
  server.on("request", (_req, res) => {
    open.add(res);
    res.once("close", () => open.delete(res));
  });
  return open;
}

async function allAnswered(server: Server, open: ReadonlySet<ServerResponse>, drainMs: number): Promise<void> {
  const deadline = Date.now() + drainMs;
  while (open.size > 0 && Date.now() < deadline) {
    // A client that polls would otherwise send its next request on the connection it already has.
    server.closeIdleConnections();
    await setTimeout(DRAIN_CHECK_MS);
  }
}

const urlHost = (host: string): string => {
  if (host === "0.0.0.0" || host === "::") return "localhost";
  return host.includes(":") ? `[${host}]` : host;
};
