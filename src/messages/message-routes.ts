import { Router } from "express";
import { z } from "zod";
import { MessagePage, PostedMessage, PostMessage } from "../contract/message.ts";
import { PageQuery } from "../contract/page.ts";
import { idempotencyKey } from "../http/idempotency-key.ts";
import { reply, route } from "../http/route.ts";
import type { MessageService } from "./message-service.ts";

const Params = z.object({ id: z.uuid() });
const tags = ["Messages"];

export function createMessageRoutes({ messages }: { messages: MessageService }): Router {
  const router = Router();

  route(
    router,
    "GET /api/sessions/:id/messages",
    { summary: "Read what was said, newest first", tags, params: Params, query: PageQuery, response: MessagePage },
    ({ params, query }) => messages.list(params.id, query),
  );

  route(
    router,
    "POST /api/sessions/:id/messages",
    {
      summary: "Say something in a session",
      description: "An inbound message continues the conversation; while a run is on it waits and runs next, in order.",
      tags,
      params: Params,
      body: PostMessage,
      response: PostedMessage,
      status: 201,
      headers: { Location: "The address of the run that will carry it out" },
    },
    async ({ params, body, req }) => {
      const posted = await messages.post(params.id, body, idempotencyKey(req));
      const headers = posted.runId ? { Location: `/api/runs/${posted.runId}` } : {};
      return reply(posted, { status: 201, headers });
    },
  );

  return router;
}
