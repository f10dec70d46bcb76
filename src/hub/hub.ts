import type { IncomingMessage, RequestListener } from "node:http";
import type { Duplex } from "node:stream";
import type { HubConfig } from "../config-hub.ts";
import type { Database } from "../db/database.ts";
import type { Listener } from "../db/notify.ts";
import type { createPlainApp } from "../http/plain-app.ts";
import { HTTP_LIMITS, startListening } from "../http/server.ts";
import type { Logger } from "../lib/logger.ts";
import { createHubCore } from "./hub-core.ts";
import { createHubDoors } from "./hub-doors.ts";
import { createHubNames } from "./hub-names.ts";
import { joinHub, releaseOwn } from "./hub-process.ts";
import type { TellMachine } from "./machine-queries.ts";
import { refuseUpgrade } from "./refuse-upgrade.ts";

/** Sockets live as long as machines do; each is a connection. */
const LIMITS = { ...HTTP_LIMITS, connections: 50_000, requestTimeoutMs: 600_000 };

export interface HubParts {
  config: HubConfig;
  log: Logger;
  db: Database;
  listener: Listener;
  /** What this process is called; the same after a restart. */
  processId: string;
  secret: string;
  version: string;
  /** Hears of machines that come, change and go. */
  tell: TellMachine;
  /** The built dashboard. */
  dashboardDir: string;
  /** For whoever runs this hub. */
  operator?: OperatorParts;
}

export interface OperatorParts {
  /** The local user of a hub without sign-in needs none. */
  apiKeys: readonly string[];
  /** Where those routes are. */
  paths: readonly string[];
  routers: PlainRouters;
  /** Throws when they are not to be used just now. */
  check: () => Promise<void>;
}

type PlainRouters = Parameters<typeof createPlainApp>[0]["routers"];

interface Doors {
  request: RequestListener;
  upgrade: (req: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

const CLOSED: Doors = {
  request: (_req, res) => void res.writeHead(503, { "Retry-After": "1" }).end(),
  upgrade: (_req, socket) => refuseUpgrade(socket, 503, "The hub is starting or stopping; try again"),
};

/** The hub: machines connect to it, people see and use theirs through it. */
export async function startHub({ config, ...rest }: HubParts): Promise<{ url: string } & AsyncDisposable> {
  const { db, log, processId } = rest;
  await using parts = new AsyncDisposableStack();
  await releaseOwn(db, processId, rest.tell);
  let doors = CLOSED;
  const server = parts.use(
    await startListening((req, res) => doors.request(req, res), {
      settings: { host: config.host, port: config.port, names: { host: "HUB_HOST", port: "HUB_PORT" } },
      log,
      limits: LIMITS,
      onUpgrade: (req, socket, head) => doors.upgrade(req, socket, head),
    }),
  );
  const url = config.url ?? `http://localhost:${server.port}`;
  const internalUrl =
    config.internalUrl ?? `http://${config.host.includes(":") ? `[${config.host}]` : config.host}:${server.port}`;
  parts.use(await joinHub({ db, log, id: processId, url: internalUrl, tell: rest.tell }));
  const core = parts.use(await createHubCore({ ...rest, config, names: createHubNames(url) }));
  doors = createHubDoors(core);
  parts.defer(() => void (doors = CLOSED));

  const kept = parts.move();
  return { url, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
