import type { z } from "zod";
import { isLoopbackName } from "../auth/host-names.ts";
import type { HubMachine, HubMachineEvent, HubWsInfo } from "../contract/hub.ts";
import type { Database } from "../db/database.ts";
import { notify } from "../db/notify.ts";
import { AppError } from "../lib/errors.ts";
import type { HubNames } from "./hub-names.ts";
import { listEvents, type NewEvent } from "./machine-event-queries.ts";
import type { Timeline } from "./machine-events.ts";
import {
  deleteMachine,
  endEntries,
  findVisibleMachine,
  listVisibleMachines,
  MACHINE_CHANNEL,
  type MachineRow,
  replaceShares,
  sendCommand,
  sumTotals,
} from "./machine-queries.ts";
import { chatBase, isShownByPath } from "./path-mode.ts";
import { presentMachine } from "./present-machine.ts";
import type { Viewer } from "./viewer.ts";

const MAX_LISTED = 1_000;

export type MachineService = ReturnType<typeof createMachineService>;
type Shares = HubMachine["shares"];
interface EventPage {
  limit: number;
  before?: number | undefined;
  kinds?: NewEvent["kind"][] | undefined;
}

/** What people see of machines and do to them; a machine that is not shown to somebody does not exist for them. */
export const createMachineService = (parts: ServiceParts) => ({ ...createReading(parts), ...createChanging(parts) });

interface ServiceParts {
  db: Database;
  names: HubNames;
  timeline: Timeline;
  /** Whether old machines are shown below the hub's own address. */
  pathProxy: boolean;
}

async function visible(db: Database, viewer: Viewer, id: string): Promise<MachineRow> {
  const machine = await findVisibleMachine(db, id, viewer);
  if (!machine) throw new AppError("not_found", "Client not found");
  return machine;
}

async function owned(db: Database, viewer: Viewer, id: string): Promise<MachineRow> {
  const machine = await visible(db, viewer, id);
  if (machine.userId !== viewer.userId)
    throw new AppError("forbidden", `This machine is ${machine.owner}'s; only they may do this`);
  return machine;
}

function createReading({ db, names, pathProxy }: ServiceParts) {
  return {
    async list(viewer: Viewer): Promise<HubMachine[]> {
      const rows = await listVisibleMachines(db, viewer, MAX_LISTED);
      return rows.map((row) => presentMachine(row, viewer.userId, names));
    },
    /** Runs that are on and that are desired, over one's own machines. */
    totals: (viewer: Viewer) => sumTotals(db, viewer.userId),
    async get(viewer: Viewer, id: string): Promise<HubMachine> {
      return presentMachine(await visible(db, viewer, id), viewer.userId, names);
    },
    /** The latest first. */
    async events(viewer: Viewer, id: string, page: EventPage): Promise<z.infer<typeof HubMachineEvent>[]> {
      await visible(db, viewer, id);
      const rows = await listEvents(db, id, page);
      return rows.map(({ byLogin, at, kind, ...row }) => ({
        ...row,
        kind: kind as NewEvent["kind"],
        at: at.toISOString(),
        by: byLogin,
      }));
    },
    async wsInfo(viewer: Viewer, id: string): Promise<z.infer<typeof HubWsInfo>> {
      const machine = await visible(db, viewer, id);
      const { callbackUrl, status } = machine;
      const url = URL.parse(callbackUrl ?? "");
      // Its page would send a token of the machine to wherever the machine says; here the chat comes to us.
      if (isShownByPath(machine, { pathProxy }))
        return {
          client_id: id,
          ws_base: chatBase(names.origin, id),
          callback_url: url?.href ?? names.originOf(id),
          is_local: isLoopbackName(names.hostname),
          status,
        };
      if (!url) return { error: "Client does not have a callback URL configured", client_id: id };
      const scheme = url.protocol === "https:" ? "wss" : "ws";
      return {
        client_id: id,
        ws_base: `${scheme}://${url.host}${url.pathname.replace(/\/+$/u, "")}`,
        callback_url: url.href,
        is_local: isLoopbackName(url.hostname),
        status,
      };
    },
  };
}

function createChanging({ db, names, timeline }: ServiceParts) {
  async function say(viewer: Viewer, machine: MachineRow, text: string): Promise<void> {
    if (machine.connectionId === null) throw new AppError("conflict", "The machine is not connected");
    await timeline.add({ machineId: machine.id, kind: "command", text, byLogin: viewer.login });
    await sendCommand(db, machine.id, text);
  }

  return {
    /** Sends the machine away; it stays away until it is started again. */
    async disconnect(viewer: Viewer, id: string): Promise<void> {
      await say(viewer, await owned(db, viewer, id), "disconnect");
    },
    /** `refresh_status`, or what a later machine knows; unknown ones are ignored by it. */
    async command(viewer: Viewer, id: string, text: string): Promise<void> {
      const find = text === "disconnect" ? owned : visible;
      await say(viewer, await find(db, viewer, id), text);
    },
    async share(viewer: Viewer, id: string, shares: Shares): Promise<HubMachine> {
      await owned(db, viewer, id);
      const wanted = shares.map(({ kind, name }) => ({ kind, name: name.toLowerCase() }));
      const strange = wanted.find(({ kind, name }) => !(kind === "org" ? viewer.orgs : viewer.teams).includes(name));
      if (strange) throw new AppError("forbidden", `You are not a member of ${strange.name}`);
      await replaceShares(db, id, wanted);
      return presentMachine(await visible(db, viewer, id), viewer.userId, names);
    },
    /** Browsers come into its origin anew, and drop what they kept of it. */
    async purge(viewer: Viewer, id: string): Promise<void> {
      await owned(db, viewer, id);
      await endEntries(db, id);
    },
    /** Forgets a machine that is not connected. */
    async remove(viewer: Viewer, id: string): Promise<void> {
      await owned(db, viewer, id);
      if (!(await deleteMachine(db, id, viewer.userId)))
        throw new AppError("conflict", "The machine is connected; disconnect it first");
      await notify(db, MACHINE_CHANNEL, id);
    },
  };
}
