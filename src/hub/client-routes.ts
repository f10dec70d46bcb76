import { Router } from "express";
import { z } from "zod";
import { HubMachine, HubMachineEvent, HubMachines, HubShare, HubWsInfo } from "../contract/hub.ts";
import { route } from "../http/route.ts";
import type { MachineService } from "./machine-service.ts";
import { viewerOf } from "./viewer-of.ts";

const tags = ["Machines"];
const Done = z.object({ success: z.literal(true), message: z.string() });
const done = (message: string) => ({ success: true as const, message });
const Kinds = z
  .string()
  .transform((text) => text.split(","))
  .pipe(z.array(HubMachineEvent.shape.kind));

/** The machines one may see. */
export function createClientRoutes({ machines }: { machines: MachineService }): Router {
  const router = Router();
  route(router, "GET /clients", { summary: "Machines", tags, response: HubMachines }, async ({ req }) => {
    const viewer = viewerOf(req);
    const [clients, totals] = await Promise.all([machines.list(viewer), machines.totals(viewer)]);
    return { clients, totals };
  });
  for (const line of ["GET /clients/:id", "GET /clients/:id/details"] as const)
    route(router, line, { summary: "One machine", tags, response: HubMachine }, ({ req, params }) =>
      machines.get(viewerOf(req), params.id),
    );
  route(
    router,
    "GET /clients/:id/events",
    {
      summary: "What happened to a machine, the latest first",
      tags,
      query: z.object({
        limit: z.coerce.number().int().min(1).max(200).default(50),
        before: z.coerce.number().int().min(1).optional(),
        kind: Kinds.optional(),
      }),
      response: z.object({ events: z.array(HubMachineEvent) }),
    },
    async ({ req, params, query: { kind, ...page } }) => ({
      events: await machines.events(viewerOf(req), params.id, { ...page, kinds: kind }),
    }),
  );
  route(
    router,
    "GET /api/clients/:id/ws-info",
    { summary: "Where an old machine's page finds its chat", tags, response: HubWsInfo },
    ({ req, params }) => machines.wsInfo(viewerOf(req), params.id),
  );
  addChanges(router, machines);
  return router;
}

function addChanges(router: Router, machines: MachineService): void {
  route(
    router,
    "POST /clients/:id/disconnect",
    { summary: "Send a machine away", tags, response: Done },
    async ({ req, params }) => {
      await machines.disconnect(viewerOf(req), params.id);
      return done("Disconnected");
    },
  );
  route(
    router,
    "POST /clients/:id/command",
    {
      summary: "Say a command to a machine",
      tags,
      body: z.object({ command: z.string().regex(/^[a-z_]{1,100}$/, "must be lower case letters and _") }),
      response: Done,
    },
    async ({ req, params, body }) => {
      await machines.command(viewerOf(req), params.id, body.command);
      return done("Sent");
    },
  );
  route(
    router,
    "POST /clients/:id/purge-cache",
    { summary: "Have browsers drop what they kept of a machine", tags, response: Done },
    async ({ req, params }) => {
      await machines.purge(viewerOf(req), params.id);
      return done("Cache purged successfully");
    },
  );
  route(
    router,
    "PUT /clients/:id/shares",
    {
      summary: "Say which organisations and teams may use a machine",
      tags,
      body: z.object({ shares: z.array(HubShare).max(50) }),
      response: HubMachine,
    },
    ({ req, params, body }) => machines.share(viewerOf(req), params.id, body.shares),
  );
  route(router, "DELETE /clients/:id", { summary: "Forget a machine", tags }, ({ req, params }) =>
    machines.remove(viewerOf(req), params.id),
  );
}
