import { Router } from "express";
import { HubViewer } from "../contract/hub.ts";
import { route } from "../http/route.ts";
import type { HubNames } from "./hub-names.ts";
import { viewerOf } from "./viewer-of.ts";

/** Who is signed in, and what machines may be shared with. */
export function createWhoIAmRoutes({ names }: { names: HubNames }): Router {
  const router = Router();
  route(
    router,
    "GET /api/me",
    {
      summary: "Who you are here",
      tags: ["Sign-in"],
      response: HubViewer,
    },
    ({ req }) => {
      const { userId, login, githubId, orgs, teams } = viewerOf(req);
      return {
        id: userId,
        login,
        is_local: githubId === null,
        orgs: [...orgs],
        teams: [...teams],
        machine_url: names.machineUrl,
      };
    },
  );
  return router;
}
