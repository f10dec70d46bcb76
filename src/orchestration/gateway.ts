import type { IncomingMessage, ServerResponse } from "node:http";
import { Server as Engine } from "engine.io";
import { Server, type Socket } from "socket.io";
import type { WhoIsAsking } from "../auth/who-is-asking.ts";
import type { SocketDoor } from "../http/upgrades.ts";
import { AppError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import type { Tellers } from "./change-feed.ts";
import { boundConnection, ENGINE_LIMITS, ENGINE_OPTIONS } from "./engine-limits.ts";
import { roomOfProject, roomOfWorkspace } from "./socket-events.ts";

/** Newer editors dial the first, older ones the second; so far the oldest, with a namespace of its own. */
const PATHS = ["/orchestration", "/socket.io"] as const;
const NAMESPACES = ["/", "/orchestration"] as const;

/** Who has not said who they are by then is cut off. */
const CONNECT_TIMEOUT_MS = 20_000;

interface Parts {
  who: Pick<WhoIsAsking, "identify">;
  log: Logger;
  onSocket: (socket: Socket) => void;
  /** Resolves when everything that was told elsewhere was told here, too. */
  caughtUp: () => Promise<void>;
  /** Connections at once, of all clients. */
  maxConnections?: number;
}

/**
 * Socket.IO at the paths and namespaces that published editors dial. It tells only its own sockets: each process reads
 * the changes itself, in order, which an adapter between processes would not keep.
 */
export function createGateway({ who, log, onSocket, caughtUp, maxConnections = ENGINE_LIMITS.connections }: Parts) {
  const io = new Server({ serveClient: false, connectTimeout: CONNECT_TIMEOUT_MS });
  const engines = PATHS.map((path) => {
    const engine = new Engine({ ...ENGINE_OPTIONS, allowRequest: (_req, answer) => answer(null, !isFull()) });
    engine.on("connection", boundConnection);
    io.bind(engine);
    return { path, engine };
  });
  const isFull = () => engines.reduce((sum, { engine }) => sum + engine.clientsCount, 0) >= maxConnections;
  const asked = new WeakMap<Socket["conn"], Set<string>>();
  const spaces = NAMESPACES.map((name) => io.of(name));
  for (const space of spaces) {
    // Refused before it is connected: editors that are cut off afterwards dial again at once, without end.
    space.use((socket, next) => void judge(socket, next));
    space.on("connection", onSocket);
  }

  async function judge(socket: Socket, next: (error?: Error) => void): Promise<void> {
    // Each packet that asks for a namespace would make one more socket of the same connection, which hears everything.
    const before = asked.get(socket.conn) ?? new Set();
    if (before.has(socket.nsp.name)) return next(new Error("This connection has asked for this namespace before"));
    asked.set(socket.conn, before.add(socket.nsp.name));
    const refused = await refusal({ who, log }, socket);
    if (!refused) await caughtUp();
    return next(refused);
  }

  const engineAt = (path: string) => engines.find((one) => path === one.path || path === `${one.path}/`)?.engine;
  const door: SocketDoor = {
    accepts: (path) => engineAt(path) !== undefined,
    upgrade(path, ...[req, socket, head]) {
      engineAt(path)?.handleUpgrade(req, socket, head);
    },
    // Clients see a connection that broke, and come back after a while; told to go, they would come back at once.
    close: () => engines.forEach(({ engine }) => engine.close()),
  };

  const tellers: Tellers = {
    global: (event) => spaces.forEach((space) => space.local.emit("orchestration.global", event)),
    workspace: (event) =>
      spaces.forEach((space) =>
        space.local.to(roomOfWorkspace(event.workspaceId)).emit("orchestration.workspace", event),
      ),
    project: (projectNumber, event) =>
      spaces.forEach((space) => space.local.to(roomOfProject(projectNumber)).emit("project.event", event)),
  };

  const answer = (path: string, req: IncomingMessage, res: ServerResponse): void => {
    engineAt(path)?.handleRequest(req, res);
  };

  return { door, answer, tellers };
}

/**
 * Why a socket may not come in; undefined when it may. A token in the handshake is a key like any other; without one the
 * rules for requests without a key hold.
 */
async function refusal({ who, log }: Pick<Parts, "who" | "log">, socket: Socket): Promise<Error | undefined> {
  const { request, handshake } = socket;
  const { token } = handshake.auth as { token?: unknown };
  if (typeof token === "string" && token !== "") request.headers.authorization = `Bearer ${token}`;
  try {
    await who.identify(request);
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return new Error(error.message);
    log.error({ err: error }, "a socket of orchestration could not be judged");
    return new Error("Something went wrong on our side");
  }
}
