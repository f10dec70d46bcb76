import { createHash } from "node:crypto";
import { Writable } from "node:stream";
import { Router } from "express";
import { pino } from "pino";
import { z } from "zod";
import { healthRoutes } from "../../src/http/health-routes.ts";
import type { HttpParts, HttpSettings } from "../../src/http/http-app.ts";
import { reply, route } from "../../src/http/route.ts";
import { HTTP_LIMITS, type HttpLimits, type HttpServer, startServer } from "../../src/http/server.ts";

export const API_KEY = "test-key-0123456789abcdef";
export const RUN_TOKEN = "orch_run_0123456789abcdef";

export const Thing = z
  .object({
    title: z.string().min(1).max(20),
    maxTurns: z.int().max(10).optional(),
    claudeSessionId: z.uuid().optional(),
    tags: z.array(z.string().max(5)).default([]),
    metadata: z.record(z.string(), z.json()).default({}),
  })
  .meta({ id: "Thing" });

/** A few routes, one of each kind, to try the server on. */
export function thingRoutes(): Router {
  const router = Router();
  route(
    router,
    "GET /api/things",
    {
      summary: "List",
      query: z.object({ limit: z.coerce.number().int().max(200).default(50) }),
      response: z.object({ limit: z.int() }),
    },
    ({ query }) => query,
  );
  route(
    router,
    "POST /api/things",
    { summary: "Make", body: Thing, response: Thing, status: 201, headers: { Location: "Where it is" } },
    ({ body }) => reply(body, { headers: { Location: "/api/things/1" } }),
  );
  route(
    router,
    "GET /api/things/:id",
    { summary: "One", params: z.object({ id: z.uuid() }), response: z.object({ id: z.string() }) },
    ({ params }) => params,
  );
  route(router, "DELETE /api/things/:id", { summary: "Away" }, () => undefined);
  route(
    router,
    "GET /api/caller",
    { summary: "Who", response: z.object({ kind: z.string(), name: z.string() }) },
    ({ caller }) => caller,
  );
  route(router, "GET /api/bug", { summary: "Bug" }, () => {
    throw new Error("the secret inside");
  });
  return router;
}

export function hookRoutes(): Router {
  const router = Router();
  route(
    router,
    "POST /api/hooks",
    { summary: "Hook", body: z.string(), response: z.object({ length: z.int(), kind: z.string() }) },
    ({ body, caller }) => ({
      length: body.length,
      kind: caller.kind,
    }),
  );
  return router;
}

export interface TestServer extends HttpServer {
  /** What the server has logged so far, as one text. */
  logged: () => string;
}

export interface Overrides extends Partial<Omit<HttpParts, "settings">> {
  settings?: Partial<HttpSettings>;
  limits?: Partial<HttpLimits>;
}

export async function startTestServer({ settings, limits, ...parts }: Overrides = {}): Promise<TestServer> {
  let text = "";
  const log = pino(
    { level: "debug" },
    new Writable({ write: (chunk: Buffer, _encoding, done) => ((text += chunk.toString()), done()) }),
  );
  const server = await startServer(
    {
      settings: {
        host: "127.0.0.1",
        port: 0,
        allowedHosts: [],
        apiKeys: [],
        rateLimitPerMinute: 600,
        dashboardDir: "/nonexistent",
        ...settings,
      },
      version: "0.0.0",
      log,
      verifyRunToken: (hash) =>
        Promise.resolve(
          hash === createHash("sha256").update(RUN_TOKEN).digest("hex")
            ? { runId: "run-1", sessionId: "session-1" }
            : undefined,
        ),
      openRouters: [healthRoutes({ checkDatabase: () => Promise.resolve(), isReady: () => true, version: "0.0.0" })],
      hookRouters: [hookRoutes()],
      routers: [thingRoutes()],
      ...parts,
    },
    { ...HTTP_LIMITS, ...limits },
  );
  return { ...server, logged: () => text };
}
