import type { IncomingMessage, ServerResponse } from "node:http";
import { TUNNEL_CAPABILITY } from "../contract/orchestrator-frames.ts";
import { AppError } from "../lib/errors.ts";
import type { HubCore } from "./hub-core.ts";
import type { MachineDoors } from "./machine-doors.ts";
import type { MachineRow } from "./machine-queries.ts";
import { failureOf, sendFailure } from "./proxy-answer.ts";
import { wantsPage } from "./who-looks.ts";

const PATH = /^\/clients\/(m[0-9a-z]{15})\/proxy(?=[/?]|$)/u;

/** `/clients/<id>/proxy` when the request is for a machine below the hub's own address. */
export const pathBase = (req: IncomingMessage): string | undefined => PATH.exec(req.url ?? "")?.[0];

/**
 * Old machines below the hub's own address, as their clients expect it. Their pages then run in the hub's origin and may
 * do there what their visitor may: only for machines that know nothing better, and it can be switched off.
 */
export function createPathMode({ who, config, names }: HubCore, doors: MachineDoors) {
  const isShown = ({ capabilities }: MachineRow): boolean =>
    config.pathProxy && !(capabilities as string[]).includes(TUNNEL_CAPABILITY);

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

  return (req: IncomingMessage, res: ServerResponse): void => {
    answer(req, res).catch((error: unknown) => sendFailure(res, failureOf(error)));
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
