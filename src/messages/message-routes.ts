import { Router } from "express";
import { z } from "zod";
import { saidBy } from "../auth/caller.ts";
import { MessagePage, PostedMessage, PostMessage } from "../contract/message.ts";
import { PageQuery } from "../contract/page.ts";
import { MAX_WAIT_SECONDS, RunResult, Wait } from "../contract/run-result.ts";
import { idempotencyKey } from "../http/idempotency-key.ts";
import { reply, route } from "../http/route.ts";
import { invalidField } from "../lib/errors.ts";
import type { ResultService } from "../runs/result-service.ts";
import type { MessageService } from "./message-service.ts";

const Params = z.object({ id: z.uuid() });
const tags = ["Messages"];

const Posted = PostedMessage.extend({ result: RunResult.nullable().optional() });

interface Parts {
  messages: MessageService;
  results: Pick<ResultService, "wait">;
}

export function createMessageRoutes({ messages, results }: Parts): Router {
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
      description: `An inbound message continues the conversation; while a run is on it waits and runs next, in order. With \`wait\` the answer is held back for up to ${MAX_WAIT_SECONDS} seconds: 201 with the \`result\` when the run has ended, 202 when it goes on.`,
      tags,
      params: Params,
      body: PostMessage.extend({ wait: Wait.optional() }),
      response: Posted,
      status: 201,
      headers: { Location: "The address of the run that will carry it out" },
    },
    async ({ params, body: { wait, ...body }, caller, req, signal }) => {
      if (wait !== undefined && body.direction === "outbound")
        throw invalidField("body.wait", "is for inbound messages: it waits for the run they make");
      const posted = await messages.post(params.id, saidBy(caller, body), idempotencyKey(req));
      if (posted.runId === null) return reply(posted, { status: 201 });
      const headers = { Location: `/api/runs/${posted.runId}` };
      if (wait === undefined) return reply(posted, { status: 201, headers });
      const result = await results.wait(posted.runId, wait, signal);
      return reply({ ...posted, result }, { status: result ? 201 : 202, headers });
    },
  );

  return router;
}
