import type { IncomingMessage, ServerResponse } from "node:http";
import { TUNNEL_CAPABILITY } from "../contract/orchestrator-frames.ts";
import { AppError } from "../lib/errors.ts";
import type { HubCore } from "./hub-core.ts";
import { type MachineDoors, refuseSocket } from "./machine-doors.ts";
import type { MachineRow } from "./machine-queries.ts";
import { failureOf, sendFailure } from "./proxy-answer.ts";
import { wantsPage } from "./who-looks.ts";

type Socket = Parameters<MachineDoors["webSocket"]>[1];

const CHAT = /^\/clients\/(m[0-9a-z]{15})\/tunnel(?=[/?]|$)/u;
const PATH = /^\/clients\/(m[0-9a-z]{15})\/proxy(?=[/?]|$)/u;

/** `/clients/<id>/proxy` when the request is for a machine below the hub's own address. */
export const pathBase = (req: IncomingMessage): string | undefined => PATH.exec(req.url ?? "")?.[0];

/** Only for machines that know nothing better, and where it is not switched off. */
export const isShownByPath = (
  { capabilities }: Pick<MachineRow, "capabilities">,
  { pathProxy }: { pathProxy: boolean },
): boolean => pathProxy && !(capabilities as string[]).includes(TUNNEL_CAPABILITY);

/** The machine whose own socket an old page asks the hub for. */
export const chatMachine = (req: IncomingMessage): string | undefined => CHAT.exec(req.url ?? "")?.[1];

/** Where the page of an old machine finds its chat at the hub, without the `/ws` that it adds. */
export const chatBase = (origin: string, machineId: string): string =>
  `${origin.replace(/^http/u, "ws")}/clients/${machineId}/tunnel`;

/**
 * Old machines below the hub's own address, as their clients expect it. Their pages then run in the hub's origin and may
 * do there what their visitor may: only for machines that know nothing better, and it can be switched off.
 */
export function createPathMode({ who, config, names }: HubCore, doors: MachineDoors) {
  const isShown = (machine: MachineRow): boolean => isShownByPath(machine, config);

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const [base = "", machineId = ""] = PATH.exec(req.url ?? "") ?? [];
    const viewer = await who.look(req);
    if (!viewer)
      return elsewhere(req, res, {
        to: "/auth/github",
        error: new AppError("unauthorized", "Sign in at /auth/github"),
      });
    if (isShown(await doors.find({ viewer, machineId }))) return doors.http(req, res, { viewer, machineId, base });
    elsewhere(req, res, {
      to: `${names.originOf(machineId)}${pathBelow(req, base)}`,
      error: new AppError("not_found", "This machine is at an origin of its own"),
    });
  }

  async function chat(req: IncomingMessage, socket: Socket, machineId: string): Promise<void> {
    const viewer = await who.look(req);
    if (!viewer) throw new AppError("unauthorized", "Sign in first");
    if (!isShown(await doors.find({ viewer, machineId }))) throw new AppError("not_found", "There is no socket here");
    return doors.webSocket(req, socket, { viewer, machineId });
  }

  return {
    http(req: IncomingMessage, res: ServerResponse): void {
      answer(req, res).catch((error: unknown) => sendFailure(res, failureOf(error)));
    },
    /** The chat of an old machine's page: the one socket of it that the hub can carry. */
    chat(req: IncomingMessage, socket: Socket, machineId: string): void {
      chat(req, socket, machineId).catch((error: unknown) => refuseSocket(socket, error));
    },
  };
}

const pathBelow = (req: IncomingMessage, base: string): string => {
  const rest = (req.url ?? "").slice(base.length);
  return rest.startsWith("/") ? rest : `/${rest}`;
};

/** Where a browser goes that opens a page; a program is told the error. */
function elsewhere(req: IncomingMessage, res: ServerResponse, { to, error }: { to: string; error: AppError }): void {
  if (!wantsPage(req)) throw error;
  res.writeHead(302, { Location: to, "Cache-Control": "no-store" }).end();
}
