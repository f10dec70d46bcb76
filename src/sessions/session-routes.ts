import { Router } from "express";
import { z } from "zod";
import { PageQuery } from "../contract/page.ts";
import { Session, SessionFilter, SessionPage, UpdateSession } from "../contract/session.ts";
import { PutThread, Thread } from "../contract/thread.ts";
import { route } from "../http/route.ts";
import type { SessionService } from "./session-service.ts";

export const SessionParams = z.object({ id: z.uuid() });

const tags = ["Sessions"];

export function createSessionRoutes({ sessions }: { sessions: SessionService }): Router {
  const router = Router();

  route(
    router,
    "GET /api/sessions",
    {
      summary: "List sessions, newest first",
      tags,
      query: PageQuery.extend(SessionFilter.shape),
      response: SessionPage,
    },
    ({ query: { limit, cursor, ...filter } }) => sessions.list(filter, { limit, cursor }),
  );

  route(
    router,
    "GET /api/sessions/:id",
    { summary: "Read a session", tags, params: SessionParams, response: Session },
    ({ params }) => sessions.get(params.id),
  );

  route(
    router,
    "PATCH /api/sessions/:id",
    {
      summary: "Change a session",
      description:
        "Title, tags, metadata, Claude options, the Claude session id; status to cancelled (stops its runs) or archived; without runs also completed or failed.",
      tags,
      params: SessionParams,
      body: UpdateSession,
      response: Session,
    },
    ({ params, body }) => sessions.update(params.id, body),
  );

  route(
    router,
    "PUT /api/sessions/:id/threads",
    {
      summary: "Bind a Slack thread to a session",
      description: "The same again changes nothing. A thread of another session is only taken from it with `move`.",
      tags,
      params: SessionParams,
      body: PutThread,
      response: Thread,
    },
    ({ params, body }) => sessions.putThread(params.id, body),
  );

  return router;
}
