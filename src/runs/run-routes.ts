import { Router } from "express";
import { z } from "zod";
import { PageQuery } from "../contract/page.ts";
import { RunResult, Wait } from "../contract/run-result.ts";
import { Run, RunPage, Stopped, StopRequest } from "../contract/run.ts";
import { reply, route } from "../http/route.ts";
import type { ResultService } from "./result-service.ts";
import type { RunService } from "./run-service.ts";

const Params = z.object({ id: z.uuid() });
const tags = ["Runs"];

export function createRunRoutes({ runs, results }: { runs: RunService; results: ResultService }): Router {
  const router = Router();

  route(
    router,
    "GET /api/sessions/:id/runs",
    { summary: "List a session's runs, newest first", tags, params: Params, query: PageQuery, response: RunPage },
    ({ params, query }) => runs.list(params.id, query),
  );

  route(router, "GET /api/runs/:id", { summary: "Read a run", tags, params: Params, response: Run }, ({ params }) =>
    runs.get(params.id),
  );

  route(
    router,
    "GET /api/runs/:id/result",
    {
      summary: "Read what became of a run, or wait for it",
      description: "Answers 200 when it has ended. When it goes on: 202, and what is known so far.",
      tags,
      params: Params,
      query: z.object({
        wait: z.coerce.number().pipe(Wait).optional().meta({ description: "Seconds to wait for its end." }),
      }),
      response: RunResult,
    },
    async ({ params, query, signal }) => {
      const ended = await results.wait(params.id, query.wait ?? 0, signal);
      return ended ?? reply(await results.get(params.id), { status: 202 });
    },
  );

  route(
    router,
    "POST /api/sessions/:id/stop",
    {
      summary: "Stop a session's work",
      description:
        "Interrupts the run that is on, with everything it started, and drops those that wait. The session can be continued.",
      tags,
      params: Params,
      body: StopRequest,
      response: Stopped,
    },
    ({ params, body, caller }) => runs.stop(params.id, body.by ?? caller.name),
  );

  return router;
}
