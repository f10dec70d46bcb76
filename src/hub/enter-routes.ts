import { Router } from "express";
import { z } from "zod";
import { route } from "../http/route.ts";
import { viewerOf } from "./viewer-of.ts";

interface EnterParts {
  ticket: (viewer: ReturnType<typeof viewerOf>, machineId: string, to: string) => Promise<string>;
}

/** The way from the hub into a machine's own origin. */
export function createEnterRoutes({ ticket }: EnterParts): Router {
  const router = Router();
  route(
    router,
    "GET /clients/:id/enter",
    {
      summary: "Open a machine in the browser",
      tags: ["Machines"],
      query: z.object({ to: z.string().max(8_000).default("/") }),
    },
    async ({ req, res, params, query }) => res.redirect(303, await ticket(viewerOf(req), params.id, query.to)),
  );
  return router;
}
