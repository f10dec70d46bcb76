import { Router } from "express";
import { z } from "zod";
import {
  AcceptedEvent,
  AcceptedWorktree,
  ProjectEvent,
  PutWorktree,
  WorktreeOfProject,
} from "../contract/project-event.ts";
import { route } from "../http/route.ts";
import type { ProjectEventService } from "./project-event-service.ts";

const Params = z.object({ number: z.coerce.number().int().min(0).max(2_147_483_647) });
const tags = ["Orchestration"];

/** The events of projects, in the spelling and with the status codes editors know. */
export function createProjectEventRoutes({ events }: { events: ProjectEventService }): Router {
  const router = Router();
  route(
    router,
    "POST /api/events/project",
    {
      summary: "Tell the sockets of a project about an event",
      description: "`data.projectNumber` says which project; without one the answer is 202 with `accepted: false`.",
      tags,
      body: ProjectEvent,
      response: AcceptedEvent,
      status: 202,
    },
    ({ body }) => events.publish(body),
  );
  route(
    router,
    "PUT /api/events/worktree/:number",
    {
      summary: "Say how the worktree of a project stands",
      tags,
      params: Params,
      body: PutWorktree,
      response: AcceptedWorktree,
    },
    ({ params, body }) => events.putWorktree(params.number, body),
  );
  route(
    router,
    "GET /api/events/worktree/:number",
    { summary: "Read how the worktree of a project stands", tags, params: Params, response: WorktreeOfProject },
    ({ params }) => events.worktreeOf(params.number),
  );
  return router;
}
