import { Router } from "express";
import { z } from "zod";
import { PageQuery } from "../contract/page.ts";
import {
  CreateSchedule,
  Schedule,
  ScheduleFire,
  ScheduleFirePage,
  SchedulePage,
  UpdateSchedule,
} from "../contract/schedule.ts";
import { idempotencyKey } from "../http/idempotency-key.ts";
import { reply, route } from "../http/route.ts";
import type { ScheduleService } from "./schedule-service.ts";

const Params = z.object({ id: z.uuid() });
const tags = ["Schedules"];

export function createScheduleRoutes({ schedules }: { schedules: ScheduleService }): Router {
  const router = Router();

  route(
    router,
    "GET /api/schedules",
    { summary: "List schedules, newest first", tags, query: PageQuery, response: SchedulePage },
    ({ query }) => schedules.list(query),
  );

  route(
    router,
    "POST /api/schedules",
    {
      summary: "Make a schedule",
      description:
        "Starts a session, or continues one, whenever a cron line is due. What it starts is checked as it would be now.",
      tags,
      body: CreateSchedule,
      response: Schedule,
      status: 201,
      headers: { Location: "The address of the new schedule" },
    },
    async ({ body }) => {
      const schedule = await schedules.create(body);
      return reply(schedule, { status: 201, headers: { Location: `/api/schedules/${schedule.scheduleId}` } });
    },
  );

  route(
    router,
    "GET /api/schedules/:id",
    { summary: "Read a schedule and its next times", tags, params: Params, response: Schedule },
    ({ params }) => schedules.get(params.id),
  );

  route(
    router,
    "PATCH /api/schedules/:id",
    {
      summary: "Change, pause or resume a schedule",
      description: "`start` and `continue` replace what it did before as a whole.",
      tags,
      params: Params,
      body: UpdateSchedule,
      response: Schedule,
    },
    ({ params, body }) => schedules.update(params.id, body),
  );

  route(
    router,
    "DELETE /api/schedules/:id",
    {
      summary: "Delete a schedule",
      description: "Its history goes with it; the sessions it started stay, and go on.",
      tags,
      params: Params,
    },
    ({ params }) => schedules.delete(params.id),
  );

  addFires(router, schedules);
  return router;
}

/** What becomes of the times it is due. */
function addFires(router: Router, schedules: ScheduleService): void {
  route(
    router,
    "POST /api/schedules/:id/fire",
    {
      summary: "Fire a schedule now",
      description:
        "Also when it is paused. While what it started before is at work: 409 with overlap `skip`, `queued` with `queue`. With an `Idempotency-Key` header it is fired once for that key.",
      tags,
      params: Params,
      response: ScheduleFire,
      status: 201,
    },
    ({ params, req }) => schedules.fire(params.id, idempotencyKey(req)),
  );

  route(
    router,
    "GET /api/schedules/:id/history",
    {
      summary: "List what became of each time it was due, newest first",
      tags,
      params: Params,
      query: PageQuery,
      response: ScheduleFirePage,
    },
    ({ params, query }) => schedules.history(params.id, query),
  );
}
