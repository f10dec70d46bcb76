import { Router } from "express";
import { z } from "zod";
import { route } from "../http/route.ts";

const REMEMBER_MS = 1_000;

const HubHealth = z.object({
  status: z.enum(["ok", "degraded"]),
  version: z.string(),
  uptimeSeconds: z.int(),
  database: z.enum(["ok", "down"]),
  machines: z.object({ idle: z.int(), active: z.int(), busy: z.int(), disconnected: z.int() }),
  here: z.object({ machines: z.int(), browsers: z.int(), pending: z.int() }),
});

export interface HealthParts {
  version: string;
  /** By status, over all processes. */
  countMachines: () => Promise<Record<string, number>>;
  here: () => z.infer<typeof HubHealth>["here"];
}

/** Counts only: anyone may ask. */
export function createHubHealthRoutes({ version, countMachines, here }: HealthParts): Router {
  const router = Router();
  const startedAt = Date.now();
  let known: { at: number; counts: Promise<Record<string, number> | undefined> } | undefined;
  const counts = () => {
    if (!known || Date.now() - known.at > REMEMBER_MS)
      known = { at: Date.now(), counts: countMachines().catch(() => undefined) };
    return known.counts;
  };
  route(
    router,
    "GET /health",
    { summary: "Whether the hub is alive, and what is connected to it", tags: ["System"], response: HubHealth },
    async () => {
      const found = await counts();
      const { idle = 0, active = 0, busy = 0, disconnected = 0 } = found ?? {};
      const isUp = found !== undefined;
      return {
        status: isUp ? ("ok" as const) : ("degraded" as const),
        version,
        uptimeSeconds: Math.floor((Date.now() - startedAt) / 1000),
        database: isUp ? ("ok" as const) : ("down" as const),
        machines: { idle, active, busy, disconnected },
        here: here(),
      };
    },
  );
  return router;
}
