import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { cookieValue } from "../auth/sign-in-cookie.ts";
import { AppError } from "../lib/errors.ts";
import { cookieName } from "./cookie-name.ts";
import { findEntered, insertTicket, useTicket } from "./entry-queries.ts";
import type { HubCore } from "./hub-core.ts";
import type { HubNames } from "./hub-names.ts";
import { HUB_LIMITS } from "./limits.ts";
import { type MachineDoors, refuseSocket } from "./machine-doors.ts";
import { hashSecret, newSecret } from "./machine-token.ts";
import { failureOf, sendFailure } from "./proxy-answer.ts";
import { ownPath } from "./sign-in-service.ts";
import type { Viewer } from "./viewer.ts";
import { checkOwnPage, wantsPage } from "./who-looks.ts";

const ENTER_PATH = "/.hub/enter";

/**
 * The origin of one machine. The hub's cookie is not sent here, and what a machine's pages can reach with a browser ends
 * here too: people come in with a ticket from the hub and have a cookie of this origin from then on.
 */
export function createMachineOrigin(core: HubCore, doors: MachineDoors) {
  const { db, names, visits } = core;
  const cookie = cookieName("hub_entry", names);

  async function visitor(req: IncomingMessage, machineId: string): Promise<Viewer | undefined> {
    checkOwnPage(req);
    const secret = cookieValue(req.headers.cookie, cookie);
    if (secret === undefined) return undefined;
    const secretHash = hashSecret(secret);
    const key = `${machineId} ${secretHash.toString("base64")}`;
    const known = visits.find(key);
    if (known) return known.viewer;
    const viewer = await findEntered(db, { secretHash, machineId });
    if (!viewer) return undefined;
    await doors.find({ viewer, machineId });
    visits.put(key, { viewer, machineId });
    return viewer;
  }

  async function answer(req: IncomingMessage, res: ServerResponse, machineId: string): Promise<void> {
    if ((req.url ?? "").startsWith(`${ENTER_PATH}?`)) return enter(req, res, { core, machineId });
    const viewer = await visitor(req, machineId);
    if (viewer) return doors.http(req, res, { viewer, machineId, isLetIn: true });
    if (!wantsPage(req)) throw new AppError("unauthorized", "Open this machine from the hub");
    res.writeHead(302, { Location: wayIn(names, machineId, req.url ?? "/"), "Cache-Control": "no-store" }).end();
  }

  return {
    /** Where somebody who may see the machine goes to be let in; good once and soon. */
    async ticket(viewer: Viewer, machineId: string, to: string): Promise<string> {
      await doors.find({ viewer, machineId });
      const ticket = newSecret();
      await insertTicket(db, {
        secretHash: hashSecret(ticket),
        machineId,
        viewer,
        seconds: HUB_LIMITS.ticketSeconds,
      });
      const query = new URLSearchParams({ ticket, to: ownPath(to) });
      return `${names.originOf(machineId)}${ENTER_PATH}?${query.toString()}`;
    },
    http(req: IncomingMessage, res: ServerResponse, machineId: string): void {
      answer(req, res, machineId).catch((error: unknown) => sendFailure(res, failureOf(error)));
    },
    webSocket(req: IncomingMessage, socket: Duplex & { head: Buffer }, machineId: string): void {
      visitor(req, machineId)
        .then((viewer) => {
          if (!viewer) throw new AppError("unauthorized", "Open this machine from the hub");
          return doors.webSocket(req, socket, { viewer, machineId, isLetIn: true });
        })
        .catch((error: unknown) => refuseSocket(socket, error));
    },
  };
}
export type MachineOrigin = ReturnType<typeof createMachineOrigin>;

const wayIn = (names: HubNames, machineId: string, to: string): string =>
  `${names.origin}/clients/${machineId}/enter?to=${encodeURIComponent(to)}`;

async function enter(
  req: IncomingMessage,
  res: ServerResponse,
  { core, machineId }: { core: HubCore; machineId: string },
): Promise<void> {
  const { db, names } = core;
  const { searchParams } = new URL(req.url ?? "/", names.origin);
  const to = ownPath(searchParams.get("to") ?? "/");
  const [ticket, secret] = [searchParams.get("ticket") ?? "", newSecret()];
  const isGood = await useTicket(
    db,
    { secretHash: hashSecret(ticket), machineId },
    { secretHash: hashSecret(secret), seconds: HUB_LIMITS.signInSeconds },
  );
  res.setHeader("Cache-Control", "no-store");
  // A ticket that was used before, by going back in the history: there is a way to a new one.
  if (!isGood) return void res.writeHead(303, { Location: wayIn(names, machineId, to) }).end();
  const attributes = `Path=/; Max-Age=${HUB_LIMITS.signInSeconds}; HttpOnly; SameSite=Lax${names.https ? "; Secure" : ""}`;
  res.writeHead(303, {
    Location: to,
    "Set-Cookie": `${cookieName("hub_entry", names)}=${secret}; ${attributes}`,
    "Referrer-Policy": "no-referrer",
    "Clear-Site-Data": '"cache"',
  });
  res.end();
}
