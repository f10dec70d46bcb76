import { Router } from "express";
import { z } from "zod";
import { HubPendingMachine, HubToken } from "../contract/hub.ts";
import { route } from "../http/route.ts";
import type { TokenService } from "./token-service.ts";
import { viewerOf } from "./viewer-of.ts";

const tags = ["Tokens"];
const Done = z.object({ success: z.literal(true), message: z.string() });
const Name = z.string().trim().min(1).max(100);

/** Tokens of machines, and the machines that wait for one. */
export function createTokenRoutes({ tokens }: { tokens: TokenService }): Router {
  const router = Router();
  route(router, "GET /api/tokens", { summary: "Tokens", tags, response: z.array(HubToken) }, ({ req }) =>
    tokens.list(viewerOf(req)),
  );
  route(
    router,
    "POST /api/tokens",
    {
      summary: "Make a token; its text is told this once",
      tags,
      body: z.object({ name: Name, expires_in_days: z.int().min(1).max(3_650).optional() }),
      response: z.object({ id: z.string(), name: z.string(), token: z.string() }),
    },
    ({ req, body }) => tokens.create(viewerOf(req), { name: body.name, expiresInDays: body.expires_in_days }),
  );
  route(
    router,
    "POST /api/tokens/:id/revoke",
    { summary: "End a token, and the connections made with it", tags, response: Done },
    async ({ req, params }) => {
      await tokens.revoke(viewerOf(req), params.id);
      return { success: true as const, message: "Token revoked" };
    },
  );
  route(
    router,
    "DELETE /api/tokens/:id",
    { summary: "Remove a token and its machines", tags, response: Done },
    async ({ req, params }) => {
      await tokens.remove(viewerOf(req), params.id);
      return { success: true as const, message: "Token deleted" };
    },
  );
  route(
    router,
    "GET /api/pending",
    { summary: "Machines that you may claim", tags, response: z.array(HubPendingMachine) },
    ({ req }) => tokens.pending(viewerOf(req)),
  );
  route(
    router,
    "POST /api/pending/:id/claim",
    {
      summary: "Make a waiting machine yours",
      tags,
      body: z.object({ name: Name }),
      response: z.object({ success: z.literal(true), client_id: z.string(), token_id: z.string() }),
    },
    async ({ req, params, body }) => {
      const { tokenId } = await tokens.claim(viewerOf(req), params.id, body.name);
      return { success: true as const, client_id: params.id, token_id: tokenId };
    },
  );
  return router;
}
