import { Router } from "express";
import { saidBy } from "../auth/caller.ts";
import { MAX_WAIT_SECONDS, RunResult, Wait } from "../contract/run-result.ts";
import { StartedSession } from "../contract/session.ts";
import { StartSession } from "../contract/template.ts";
import { idempotencyKey } from "../http/idempotency-key.ts";
import { reply, route } from "../http/route.ts";
import { invalidField } from "../lib/errors.ts";
import type { ResultService } from "../runs/result-service.ts";
import type { SessionService } from "./session-service.ts";

const Started = StartedSession.extend({ result: RunResult.nullable().optional() });

interface Parts {
  sessions: Pick<SessionService, "create">;
  results: Pick<ResultService, "wait">;
}

export function createStartRoutes({ sessions, results }: Parts): Router {
  const router = Router();

  route(
    router,
    "POST /api/sessions",
    {
      summary: "Start a session",
      description: `Answers at once; the workspace is made and Claude runs in the background. Follow the session, its events, or poll it; or let the request \`wait\` for up to ${MAX_WAIT_SECONDS} seconds: 201 with the \`result\` when the run has ended, 202 when it goes on. With an \`Idempotency-Key\` header the same request sent again gets the same answer. With a \`template\`, the template says what the request does not.`,
      tags: ["Sessions"],
      body: StartSession.extend({ wait: Wait.optional() }),
      response: Started,
      status: 201,
      headers: { Location: "The address of the new session" },
    },
    async ({ body: { wait, ...body }, caller, req, signal }) => {
      if (wait !== undefined && body.initialPrompt === undefined && body.template === undefined)
        throw invalidField("body.wait", "needs initialPrompt: without one there is no run to wait for");
      const session = await sessions.create(saidBy(caller, body), idempotencyKey(req));
      const headers = { Location: `/api/sessions/${session.sessionId}` };
      if (wait === undefined || session.runId === null) return reply(session, { status: 201, headers });
      const result = await results.wait(session.runId, wait, signal);
      return reply({ ...session, result }, { status: result ? 201 : 202, headers });
    },
  );

  return router;
}
