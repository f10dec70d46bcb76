import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { dashboardFiles } from "../http/dashboard-files.ts";
import { createPlainApp } from "../http/plain-app.ts";
import { AppError } from "../lib/errors.ts";
import { answerAsk, ASK_PATH } from "./ask-elsewhere.ts";
import { createClientRoutes } from "./client-routes.ts";
import { createEnterRoutes } from "./enter-routes.ts";
import type { Hopped } from "./hop.ts";
import type { HubCore } from "./hub-core.ts";
import { createHubHealthRoutes } from "./hub-health-routes.ts";
import { createMachineDoors } from "./machine-doors.ts";
import { createMachineOrigin, type MachineOrigin } from "./machine-origin.ts";
import { countMachines } from "./machine-queries.ts";
import { createMachineService } from "./machine-service.ts";
import { chatMachine, createPathMode, pathBase } from "./path-mode.ts";
import { failureOf, sendFailure } from "./proxy-answer.ts";
import { refuseUpgrade } from "./refuse-upgrade.ts";
import { createSignInRoutes, createSignOutRoutes } from "./sign-in-routes.ts";
import { createSignInService } from "./sign-in-service.ts";
import { createTokenRoutes } from "./token-routes.ts";
import { createTokenService } from "./token-service.ts";
import { createUpgrades } from "./upgrades.ts";
import { createWhoIAmRoutes } from "./who-i-am-routes.ts";
import { wantsPage } from "./who-looks.ts";
import { createWhoOperates } from "./who-operates.ts";

/** What comes in by HTTP: from other processes of the hub, at a machine's origin, or at the hub's own. */
export function createHubDoors(core: HubCore) {
  const { names } = core;
  const doors = createMachineDoors(core);
  const origin = createMachineOrigin(core, doors);
  const pathMode = createPathMode(core, doors);
  const app = createOwnApp(core, origin);
  const upgrade = createUpgrades(core);

  const request: RequestListener = (req, res) => {
    const hop = readHop(doors.readHop, req, (status, error) => sendFailure(res, { status, error }));
    if (hop === "refused") return;
    if (hop && req.url === ASK_PATH) return answerAsk(req, res, { db: core.db, ask: core.askHere, hop });
    if (hop) return void doors.hopped.http(req, res, { ...hop, base: pathBase(req) });
    const machineId = names.machineOf(req.headers.host);
    if (machineId !== undefined) return origin.http(req, res, machineId);
    if (pathBase(req) !== undefined) return pathMode.http(req, res);
    return app(req, res);
  };

  return {
    request,
    upgrade(req: IncomingMessage, plain: Duplex, head: Buffer): void {
      const hop = readHop(doors.readHop, req, (status, text) => refuseUpgrade(plain, status, text));
      if (hop === "refused") return;
      const machineId = names.machineOf(req.headers.host);
      const chatOf = machineId === undefined ? chatMachine(req) : undefined;
      if (!hop && machineId === undefined && chatOf === undefined) return upgrade(req, plain, head);
      const socket = openForLong(plain, head);
      if (hop) void doors.hopped.webSocket(req, socket, hop);
      else if (chatOf !== undefined) pathMode.chat(req, socket, chatOf);
      else origin.webSocket(req, socket, machineId ?? "");
    },
  };
}

/** Nothing may move on it for long; a peer that is gone is noticed by TCP. */
function openForLong(socket: Duplex, head: Buffer): Duplex & { head: Buffer } {
  if ("setTimeout" in socket && typeof socket.setTimeout === "function") socket.setTimeout(0);
  if ("setKeepAlive" in socket && typeof socket.setKeepAlive === "function") socket.setKeepAlive(true, KEEP_ALIVE_MS);
  socket.on("error", () => socket.destroy());
  return Object.assign(socket, { head });
}
const KEEP_ALIVE_MS = 30_000;

function readHop(
  read: (req: IncomingMessage) => Hopped | undefined,
  req: IncomingMessage,
  refuse: (status: number, text: string) => void,
): Hopped | "refused" | undefined {
  try {
    return read(req);
  } catch (error) {
    const { status, error: text } = failureOf(error);
    refuse(status, text);
    return "refused";
  }
}

/** The hub's pages hold no data: who is not signed in is asked to do so by them. */
const PAGES = { name: "hub.html", isPage: ({ path }: { path: string }) => /^\/(?:dashboard(?:\/|$)|$)/u.test(path) };

/** The hub's own origin. */
function createOwnApp(core: HubCore, origin: MachineOrigin): (req: IncomingMessage, res: ServerResponse) => void {
  const { db, log, names, secrets, timeline, links, browsers, pending, version, dashboardDir } = core;
  const { github, allowed } = core.config;
  const machines = createMachineService({ db, names, timeline, pathProxy: core.config.pathProxy });
  const tokens = createTokenService({ db });
  const health = createHubHealthRoutes({
    version,
    countMachines: () => countMachines(db),
    here: () => ({ machines: links.size, browsers: browsers.size, pending: pending.size }),
  });
  const signIn = github && createSignInService({ db, names, secrets, github, allowed });
  return createPlainApp({
    log,
    https: names.https,
    openRouters: [
      health,
      ...(signIn ? [createSignInRoutes({ signIn, names })] : []),
      dashboardFiles(dashboardDir, PAGES),
    ],
    ...(core.operator && { apart: { ...core.operator, identify: createWhoOperates(core, core.operator) } }),
    identify: (req) => identify(core, req),
    routers: [
      createClientRoutes({ machines }),
      createEnterRoutes(origin),
      createTokenRoutes({ tokens }),
      createWhoIAmRoutes({ names }),
      ...(signIn ? [createSignOutRoutes({ signIn, names })] : []),
    ],
  });
}

/** A page's visitor who is not signed in is sent to do so; a program is told. */
async function identify({ who, config }: HubCore, req: IncomingMessage): Promise<string | undefined> {
  if (await who.look(req)) return undefined;
  if (config.github && wantsPage(req)) return `/auth/github?to=${encodeURIComponent(req.url ?? "/")}`;
  throw new AppError("unauthorized", config.github ? "Sign in at /auth/github" : "Only this machine may use this hub");
}
