import { Router } from "express";
import type { Request } from "express";
import { z } from "zod";
import { callerOf } from "../auth/caller.ts";
import {
  GlobalCounts,
  OrchestrationHistory,
  OrchestrationId,
  OrchestrationRows,
  ReportRunning,
  SetDesired,
  SetPaused,
  SetStandingTemplate,
  WorkspaceAnswer,
} from "../contract/orchestration.ts";
import { PageQuery } from "../contract/page.ts";
import { reply, route } from "../http/route.ts";
import { invalidField } from "../lib/errors.ts";
import type { By, OrchestrationService } from "./orchestration-service.ts";

const Params = z.object({ id: OrchestrationId });
const tags = ["Orchestration"];
const headers = { ETag: "The version of the workspace, for If-Match" };
const IF_MATCH = "With `If-Match` it is written only if the workspace is still that version; else 412 with what it is.";

interface Parts {
  orchestration: OrchestrationService;
}

/** Running and desired counts, in the spelling and with the status codes editors know. */
export function createOrchestrationRoutes({ orchestration }: Parts): Router {
  const router = Router();
  addReading(router, { orchestration });
  addCounts(router, { orchestration });
  addControl(router, { orchestration });
  return router;
}

function addReading(router: Router, { orchestration }: Parts): void {
  route(
    router,
    "GET /api/orchestration/global",
    { summary: "Read the totals, and why running differs from desired", tags, response: GlobalCounts },
    () => orchestration.global(),
  );
  route(
    router,
    "GET /api/orchestration/workspaces",
    { summary: "List all workspaces with their counts, as a bare array", tags, response: OrchestrationRows },
    () => orchestration.list(),
  );
  route(
    router,
    "GET /api/orchestration/history",
    {
      summary: "List changes of all workspaces, newest first",
      tags,
      query: PageQuery.extend({
        since: z.iso.datetime({ offset: true }).optional().meta({ description: "Only what came after." }),
      }),
      response: OrchestrationHistory,
    },
    ({ query: { since, ...page } }) => orchestration.history({ since }, page),
  );
  route(
    router,
    "GET /api/orchestration/workspace/:id/history",
    {
      summary: "List changes of a workspace, newest first",
      tags,
      params: Params,
      query: PageQuery,
      response: OrchestrationHistory,
    },
    ({ params, query }) => orchestration.history({ workspaceId: params.id }, query),
  );
}

/** What editors read and write. */
function addCounts(router: Router, { orchestration }: Parts): void {
  route(
    router,
    "GET /api/orchestration/workspace/:id",
    {
      summary: "Read a workspace; it is made when it is not there",
      tags,
      params: Params,
      response: WorkspaceAnswer,
      headers,
    },
    async ({ params }) => answered({ ...(await orchestration.get(params.id)), isStale: false }),
  );
  route(
    router,
    "PUT /api/orchestration/workspace/:id/desired",
    {
      summary: "Say how many runs a workspace may and should have",
      description: IF_MATCH,
      tags,
      params: Params,
      body: SetDesired,
      response: WorkspaceAnswer,
      headers,
    },
    async ({ params, body, req }) => answered(await orchestration.setDesired(params.id, body.desired, by(req))),
  );
  route(
    router,
    "PUT /api/orchestration/workspace/:id/running",
    {
      summary: "Report what an editor runs itself in a workspace; it counts for five minutes",
      description: IF_MATCH,
      tags,
      params: Params,
      body: ReportRunning,
      response: WorkspaceAnswer,
      headers,
    },
    async ({ params, body, req }) => answered(await orchestration.reportRunning(params.id, body.running, by(req))),
  );
}

function addControl(router: Router, { orchestration }: Parts): void {
  route(
    router,
    "PUT /api/orchestration/paused",
    {
      summary: "Let nothing new start in the whole installation, or let it again",
      description: "Holds for workspaces that come later, too. Each workspace keeps its own `paused`.",
      tags,
      body: SetPaused,
      response: GlobalCounts,
    },
    async ({ body, req }) => {
      await orchestration.setAllPaused(body.paused, callerOf(req).name);
      return orchestration.global();
    },
  );
  route(
    router,
    "PUT /api/orchestration/workspace/:id/paused",
    {
      summary: "Let nothing new start in a workspace, or let it again",
      description: IF_MATCH,
      tags,
      params: Params,
      body: SetPaused,
      response: WorkspaceAnswer,
      headers,
    },
    async ({ params, body, req }) => answered(await orchestration.setPaused(params.id, body.paused, by(req))),
  );
  route(
    router,
    "PUT /api/orchestration/workspace/:id/template",
    {
      summary: "Attach a standing template: sessions are started from it until as many run as desired",
      description: IF_MATCH,
      tags,
      params: Params,
      body: SetStandingTemplate,
      response: WorkspaceAnswer,
      headers,
    },
    async ({ params, body, req }) => answered(await orchestration.setTemplate(params.id, body.template, by(req))),
  );
}

const CHANGED = {
  statusCode: 412,
  error: "Precondition Failed",
  message: "The workspace has changed since the version in If-Match; `workspace` is what it is now",
};

function answered({ isStale, ...answer }: WorkspaceAnswer & { isStale: boolean }) {
  const current = { ETag: `"${answer.workspace.version}"` };
  return isStale
    ? reply({ ...answer, ...CHANGED }, { status: 412, headers: current })
    : reply(answer, { headers: current });
}

/** Who asks, and which version they have seen. */
function by(req: Request): By {
  const { name } = callerOf(req);
  const ifMatch = req.get("if-match");
  if (ifMatch === undefined || ifMatch.trim() === "*") return { actor: name };
  const version = /^(?:W\/)?"(\d{1,15})"$/.exec(ifMatch.trim())?.[1];
  if (version === undefined) throw invalidField("header.If-Match", 'must be one version in quotes, such as "3", or *');
  return { actor: name, ifVersion: Number(version) };
}
