import type { IncomingMessage } from "node:http";
import { isForwarded } from "../auth/browser-rules.ts";
import { hostName, isLoopbackAddress, isLoopbackName } from "../auth/host-names.ts";
import { cookieValue } from "../auth/sign-in-cookie.ts";
import type { Database } from "../db/database.ts";
import { AppError } from "../lib/errors.ts";
import { cookieName } from "./cookie-name.ts";
import type { HubNames } from "./hub-names.ts";
import { hashSecret } from "./machine-token.ts";
import { findSignedIn } from "./user-queries.ts";
import { setViewer } from "./viewer-of.ts";
import type { Viewer } from "./viewer.ts";

export type WhoLooks = ReturnType<typeof createWhoLooks>;

/**
 * Judges browsers at the hub's own origin. Machines are at sibling origins, which a browser counts as the same site:
 * SameSite alone would let their pages ask for anything, so each request must come from a page of the hub itself.
 */
export function createWhoLooks({ db, names, local }: { db: Database; names: HubNames; local: Viewer | undefined }) {
  const cookie = cookieName("hub", names);

  function checkHost(req: IncomingMessage): void {
    const name = hostName(req.headers.host) ?? "";
    if (name === names.hostname || (local && isLoopbackName(name))) return;
    throw new AppError("forbidden", "This name is not known here; HUB_URL says the right one");
  }

  async function find(req: IncomingMessage): Promise<Viewer | undefined> {
    if (local) return isLocal(req) ? local : undefined;
    const secret = cookieValue(req.headers.cookie, cookie);
    return secret === undefined ? undefined : findSignedIn(db, hashSecret(secret));
  }

  return {
    cookie,
    /** Who sent this request; undefined for nobody we know. Throws "forbidden" for what a foreign page caused. */
    async look(req: IncomingMessage): Promise<Viewer | undefined> {
      checkHost(req);
      checkOwnPage(req);
      const viewer = await find(req);
      if (viewer) setViewer(req, viewer);
      return viewer;
    },
  };
}

/** Throws "forbidden" unless a page of the very same origin, or no page at all, sent this request. */
export function checkOwnPage(req: IncomingMessage): void {
  const { origin, host } = req.headers;
  const isOwn = origin === undefined || origin === `https://${host}` || origin === `http://${host}`;
  const site = req.headers["sec-fetch-site"];
  const isFromHere = site === undefined || site === "same-origin" || site === "none";
  if (!isOwn || (!isFromHere && !isLinkFollowed(req)))
    throw new AppError("forbidden", "Pages of other origins may not use this one");
}

const isLinkFollowed = ({ method, headers }: IncomingMessage): boolean =>
  method === "GET" && headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";

/** A browser that opens a page, rather than a program or script that asks for data. */
export const wantsPage = ({ method, headers }: IncomingMessage): boolean =>
  (method === "GET" || method === "HEAD") &&
  (headers.accept ?? "").includes("text/html") &&
  (headers["sec-fetch-mode"] ?? "navigate") === "navigate";

/** From this computer, by a name that means it: a quiet proxy before us makes everybody come from here. */
const isLocal = (req: IncomingMessage): boolean =>
  isLoopbackAddress(req.socket.remoteAddress) && !isForwarded(req) && isLoopbackName(hostName(req.headers.host) ?? "");
