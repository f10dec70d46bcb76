import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { AppError } from "../lib/errors.ts";
import { createHeldBytes } from "./held-bytes.ts";
import { createHops } from "./hop.ts";
import type { HubCore } from "./hub-core.ts";
import { HUB_LIMITS } from "./limits.ts";
import type { MachineLink } from "./machine-link.ts";
import { findVisibleMachine, type MachineRow } from "./machine-queries.ts";
import { createOldChat } from "./old-chat.ts";
import { proxyPlain } from "./plain-proxy.ts";
import { findProcessUrl } from "./process-queries.ts";
import { failureOf, sendFailure } from "./proxy-answer.ts";
import { refuseUpgrade } from "./refuse-upgrade.ts";
import { proxyHttp, proxyWebSocket } from "./tunnel-proxy.ts";
import type { Viewer } from "./viewer.ts";

interface Visit {
  viewer: Viewer;
  machineId: string;
  /** In path mode: where the machine's paths begin. */
  base?: string | undefined;
  /** That they may see it has been looked up just now. */
  isLetIn?: boolean;
}
export type MachineDoors = ReturnType<typeof createMachineDoors>;

type Socket = Duplex & { head: Buffer };

/** What a machine that is connected to this process is asked. */
function createPassage(core: HubCore) {
  const { secrets, ways } = core;
  const chat = createOldChat(core);
  const held = createHeldBytes(HUB_LIMITS.plainBytesPerUser);
  const identity = (link: MachineLink, viewer: Viewer) => secrets.signIdentity(viewer, link.clientId);

  async function pass(req: IncomingMessage, res: ServerResponse, link: MachineLink, { viewer, base }: Visit) {
    const { tunnel } = link;
    const done = ways.add({ viewer, machineId: link.machineId, end: () => res.destroy() });
    try {
      if (tunnel) return await proxyHttp(req, res, { tunnel, identity: await identity(link, viewer) });
      const [path = "/", query] = (req.url ?? "/").slice((base ?? "").length).split("?", 2);
      await proxyPlain(req, res, { link, viewer, base, held, query, path: path === "" ? "/" : path });
    } finally {
      done();
    }
  }

  async function passSocket(req: IncomingMessage, socket: Socket, link: MachineLink, { viewer }: Visit) {
    const { tunnel } = link;
    const done = ways.add({ viewer, machineId: link.machineId, end: () => socket.destroy() });
    try {
      if (!tunnel) return await chat.open(req, socket, { link, viewer });
      await proxyWebSocket(req, socket, { tunnel, identity: await identity(link, viewer) });
    } finally {
      done();
    }
  }
  return { pass, passSocket };
}

/** Hands requests of people who were let in to their machine, wherever its socket is. Never rejects: what fails is answered. */
export function createMachineDoors(core: HubCore) {
  const { db, links, secrets } = core;
  const hops = createHops(secrets);
  const { pass, passSocket } = createPassage(core);

  async function find({ viewer, machineId }: Visit): Promise<MachineRow> {
    const machine = await findVisibleMachine(db, machineId, viewer);
    if (!machine) throw new AppError("not_found", "Client not found");
    return machine;
  }

  async function elsewhere({ processId }: MachineRow): Promise<string> {
    const url = processId === null ? undefined : await findProcessUrl(db, processId);
    if (url === undefined) throw new AppError("unavailable", "Client not connected");
    return url;
  }

  function here(machineId: string): MachineLink {
    const link = links.get(machineId);
    if (!link) throw new AppError("unavailable", "Client not connected");
    return link;
  }

  async function http(req: IncomingMessage, res: ServerResponse, visit: Visit): Promise<void> {
    const link = links.get(visit.machineId);
    if (link && visit.isLetIn) return pass(req, res, link, visit);
    const machine = await find(visit);
    if (link) return pass(req, res, link, visit);
    return hops.http(req, res, { ...visit, processUrl: await elsewhere(machine) });
  }

  async function webSocket(req: IncomingMessage, socket: Socket, visit: Visit): Promise<void> {
    const link = links.get(visit.machineId);
    const machine = await find(visit);
    if (link) return passSocket(req, socket, link, visit);
    return hops.webSocket(req, socket, { ...visit, processUrl: await elsewhere(machine) });
  }

  return {
    find,
    readHop: hops.read,
    http: (req: IncomingMessage, res: ServerResponse, visit: Visit) => answered(res, http(req, res, visit)),
    webSocket: (req: IncomingMessage, socket: Socket, visit: Visit) => accepted(socket, webSocket(req, socket, visit)),
    /** For a request that another process of this hub handed on: it asked the questions. */
    hopped: {
      http: (req: IncomingMessage, res: ServerResponse, visit: Visit) =>
        answered(res, (async () => pass(req, res, here(visit.machineId), visit))()),
      webSocket: (req: IncomingMessage, socket: Socket, visit: Visit) =>
        accepted(socket, (async () => passSocket(req, socket, here(visit.machineId), visit))()),
    },
  };
}

const answered = (res: ServerResponse, work: Promise<void>): Promise<void> =>
  work.catch((error: unknown) => sendFailure(res, failureOf(error)));
const accepted = (socket: Socket, work: Promise<void>): Promise<void> =>
  work.catch((error: unknown) => refuseSocket(socket, error));

export function refuseSocket(socket: Duplex, error: unknown): void {
  const { status, error: text } = failureOf(error);
  refuseUpgrade(socket, status, text);
}
