import { Router } from "express";
import { z } from "zod";
import { Diff } from "../contract/diff.ts";
import { route } from "../http/route.ts";
import type { WorkspaceService } from "./workspace-service.ts";

export function createWorkspaceRoutes({ workspaces }: { workspaces: Pick<WorkspaceService, "diff"> }): Router {
  const router = Router();
  route(
    router,
    "GET /api/sessions/:id/diff",
    {
      summary: "What a session changed",
      description:
        "Against the commit it started from, new files included. Reading it changes nothing in the workspace.",
      tags: ["Sessions"],
      params: z.object({ id: z.uuid() }),
      response: Diff,
    },
    ({ params }) => workspaces.diff(params.id),
  );
  return router;
}
