import { Router } from "express";
import { z } from "zod";
import { ChangeThread, SessionThread, SessionThreads } from "../contract/thread.ts";
import { route } from "../http/route.ts";
import type { ThreadService } from "./thread-service.ts";

const Params = z.object({ id: z.uuid() });
const tags = ["Sessions"];

export function createThreadRoutes({ threads }: { threads: ThreadService }): Router {
  const router = Router();

  route(
    router,
    "GET /api/sessions/:id/threads",
    { summary: "List where a session is talked about outside", tags, params: Params, response: SessionThreads },
    ({ params }) => threads.list(params.id),
  );

  route(
    router,
    "PATCH /api/sessions/:id/threads/:threadId",
    {
      summary: "Mute a thread, or let it hear again",
      tags,
      params: Params.extend({ threadId: z.uuid() }),
      body: ChangeThread,
      response: SessionThread,
    },
    ({ params, body }) => threads.mute(params.id, params.threadId, body.muted),
  );

  return router;
}
