import { Router, type Request, type Response } from "express";
import { z } from "zod";
import { callerOf } from "../auth/caller.ts";
import { CommandLogPage } from "../contract/command-log.ts";
import { PageQuery } from "../contract/page.ts";
import { route } from "../http/route.ts";
import { AppError, invalidField } from "../lib/errors.ts";
import type { HookDoor } from "./hook-body.ts";
import type { HookService } from "./hook-service.ts";

const RETRY_AFTER_SECONDS = "1";

/** `POST /api/hooks…`, where Claude waits for the answer; `req.body` is the body as text. */
export function createHookRoutes({ hooks }: { hooks: HookService }): Router {
  const router = Router();

  const receive =
    (door: HookDoor) =>
    async ({ req, res }: { req: Request; res: Response }) => {
      const body: unknown = req.body;
      if (typeof body !== "string" || body === "") throw invalidField("body", "is required");
      try {
        await hooks.receive(body, door, callerOf(req));
      } catch (error) {
        if (error instanceof AppError && error.code === "unavailable")
          res.setHeader("retry-after", RETRY_AFTER_SECONDS);
        throw error;
      }
    };

  const tags = ["hooks"];
  route(
    router,
    "POST /api/hooks",
    { summary: "Take in a hook of Claude Code", description: "The body as Claude Code posts it, of any event.", tags },
    receive("hooks"),
  );
  route(
    router,
    "POST /api/hooks/tool-complete",
    {
      summary: "Log a tool call",
      description: "A native body, or `{session, tool, result, input?, duration_ms?}`.",
      tags,
    },
    receive("tool-complete"),
  );
  route(
    router,
    "POST /api/hooks/notification",
    { summary: "Log a notification", description: "A native body, or `{session, message}`.", tags },
    receive("notification"),
  );
  return router;
}

export function createLogRoutes({ hooks }: { hooks: HookService }): Router {
  const router = Router();
  route(
    router,
    "GET /api/sessions/:id/logs",
    {
      summary: "Tool calls of a session, newest first",
      tags: ["sessions"],
      params: z.object({ id: z.uuid() }),
      query: PageQuery,
      response: CommandLogPage,
    },
    ({ params, query }) => hooks.listLogs(params.id, query),
  );
  return router;
}
