import type { IncomingMessage, ServerResponse } from "node:http";
import { Server as Engine } from "engine.io";
import { Server, type Socket } from "socket.io";
import type { WhoIsAsking } from "../auth/who-is-asking.ts";
import type { SocketDoor } from "../http/upgrades.ts";
import { AppError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import type { Tellers } from "./change-feed.ts";
import { roomOfProject, roomOfWorkspace } from "./socket-events.ts";

/** Newer editors dial the first, older ones the second; so far the oldest, with a namespace of its own. */
const PATHS = ["/orchestration", "/socket.io"] as const;
const NAMESPACES = ["/", "/orchestration"] as const;

const LIMITS = {
  pingInterval: 25_000,
  pingTimeout: 20_000,
  /** What a client may send at once. */
  maxHttpBufferSize: 64 * 1024,
  upgradeTimeout: 10_000,
};
/** Who has not said who they are by then is cut off. */
const CONNECT_TIMEOUT_MS = 10_000;

interface Parts {
  who: Pick<WhoIsAsking, "identify">;
  log: Logger;
  onSocket: (socket: Socket) => void;
}

/**
 * Socket.IO at the paths and namespaces that published editors dial. It tells only its own sockets: each process reads
 * the changes itself, in order, which an adapter between processes would not keep.
 */
export function createGateway({ who, log, onSocket }: Parts) {
  const io = new Server({ serveClient: false, connectTimeout: CONNECT_TIMEOUT_MS });
  const engines = PATHS.map((path) => {
    const engine = new Engine({ ...LIMITS, transports: ["websocket", "polling"] });
    io.bind(engine);
    return { path, engine };
  });
  const spaces = NAMESPACES.map((name) => io.of(name));
  for (const space of spaces) {
    // Refused before it is connected: editors that are cut off afterwards dial again at once, without end.
    space.use((socket, next) => void judge(socket, next));
    space.on("connection", onSocket);
  }

  async function judge(socket: Socket, next: (error?: Error) => void): Promise<void> {
    next(await refusal({ who, log }, socket));
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
