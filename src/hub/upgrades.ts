import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { clientAddress } from "../auth/client-address.ts";
import type { Database } from "../db/database.ts";
import { AppError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import { createAttempts } from "./attempts.ts";
import type { BrowserSockets } from "./browser-sockets.ts";
import { HUB_LIMITS } from "./limits.ts";
import { parseToken, sameHash } from "./machine-token.ts";
import type { Claimants, PendingSockets } from "./pending-sockets.ts";
import { refuseUpgrade } from "./refuse-upgrade.ts";
import { findLiveToken, touchToken } from "./token-queries.ts";
import type { WhoLooks } from "./who-looks.ts";

const MAX_CLAIMANTS = 20;

export interface UpgradeParts {
  db: Database;
  log: Logger;
  who: WhoLooks;
  acceptMachine: (socket: WebSocket, token: { id: string; userId: string }) => void;
  browsers: BrowserSockets;
  pending: PendingSockets;
}

/** Who wants a socket, and whether they get it: machines by token, browsers by cookie, the unknown to wait. */
export function createUpgrades(parts: UpgradeParts) {
  const { db, log, who, browsers, pending } = parts;
  const forMachines = socketServer(HUB_LIMITS.plainFrameBytes);
  const forOthers = socketServer(HUB_LIMITS.browserFrameBytes);
  const wrongTokens = createAttempts({ limit: 30, windowMs: 60_000 });
  const all = createAttempts({ limit: 1_200, windowMs: 60_000 });
  const waiting = createAttempts({ limit: 20, windowMs: 60_000 });

  /** One place for all roles: what a socket may do is decided here, and nowhere by what it says later. */
  async function decide(req: IncomingMessage, address: string): Promise<Accept> {
    const url = URL.parse(req.url ?? "/", "http://hub");
    if (!url) throw new AppError("invalid", "This address cannot be read");
    if (url.pathname === "/ws/pending") return decidePending(url, address);
    if (url.pathname !== "/ws/connect") throw new AppError("not_found", "There is no socket here");
    if (url.searchParams.get("type") === "browser") {
      const viewer = await who.look(req);
      if (!viewer) throw new AppError("unauthorized", "Sign in first");
      return { server: forOthers, accept: (socket) => browsers.accept(socket, viewer) };
    }
    const token = await judgeToken(presentedToken(req, url), address);
    return { server: forMachines, accept: (socket) => parts.acceptMachine(socket, token) };
  }

  async function judgeToken(text: string | null, address: string): Promise<{ id: string; userId: string }> {
    if (!wrongTokens.isOpen(address)) throw new AppError("rate_limited", "Too many wrong tokens; wait a minute");
    const given = parseToken(text ?? "");
    const token = given && (await findLiveToken(db, given.id));
    if (!given || !token || !sameHash(given.secretHash, token.secretHash)) {
      wrongTokens.allow(address);
      throw new AppError("unauthorized", given ? "Token not found or revoked" : "Invalid token format");
    }
    await touchToken(db, token.id);
    return { id: token.id, userId: token.userId };
  }

  function decidePending(url: URL, address: string): Accept {
    const claimants: Claimants = {
      users: namesIn(url, "user"),
      orgs: namesIn(url, "org"),
      teams: namesIn(url, "team"),
    };
    if (claimants.users.length + claimants.orgs.length + claimants.teams.length === 0)
      throw new AppError("invalid", "At least one claim pattern required (user, org, or team)");
    if (!waiting.allow(address) || !pending.hasRoom(address))
      throw new AppError("rate_limited", "Too many machines wait from this address");
    return { server: forOthers, accept: (socket) => pending.accept(socket, { address, claimants }) };
  }

  return (req: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const address = clientAddress(req);
    socket.on("error", () => socket.destroy());
    if (!all.allow(address)) return refuseUpgrade(socket, 429, "Too many connections");
    decide(req, address)
      .then(({ server: chosen, accept }) => {
        if (!socket.destroyed) chosen.handleUpgrade(req, socket, head, accept);
      })
      .catch((error: unknown) => {
        if (!(error instanceof AppError)) log.error({ err: error }, "a socket could not be opened");
        const [status, text] =
          error instanceof AppError ? [STATUS[error.code] ?? 400, error.message] : [503, "Try again"];
        refuseUpgrade(socket, status, text);
      });
  };
}

const socketServer = (maxPayload: number) =>
  new WebSocketServer({ noServer: true, clientTracking: false, perMessageDeflate: false, maxPayload });

interface Accept {
  server: WebSocketServer;
  accept: (socket: WebSocket) => void;
}

const STATUS: Partial<Record<AppError["code"], number>> = {
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  rate_limited: 429,
  unavailable: 503,
};

/** In the query as machines send it; by a header it stays out of proxies' logs. */
const presentedToken = (req: IncomingMessage, url: URL): string | null =>
  url.searchParams.get("token") ?? /^bearer +(\S+)$/iu.exec(req.headers.authorization ?? "")?.[1] ?? null;

const namesIn = (url: URL, key: string): string[] =>
  (url.searchParams.get(key) ?? "")
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => /^[\w./-]{1,200}$/u.test(name))
    .slice(0, MAX_CLAIMANTS);
