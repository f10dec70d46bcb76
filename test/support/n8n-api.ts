import { createThreadRoutes } from "../../src/deliveries/thread-routes.ts";
import { createOpenApi } from "../../src/http/openapi.ts";
import { createMessageRoutes } from "../../src/messages/message-routes.ts";
import { createRunRoutes } from "../../src/runs/run-routes.ts";
import { createSessionRoutes } from "../../src/sessions/session-routes.ts";
import { createStartRoutes } from "../../src/sessions/start-routes.ts";
import type { ApiDocument } from "./n8n-lint-requests.ts";

/** Routes are declared without their services being asked for anything. */
const nobody = {} as never;

/** The part of our OpenAPI document that workflows may use, from the routes themselves. */
export const apiForWorkflows = (): ApiDocument =>
  createOpenApi(
    [
      createStartRoutes(nobody),
      createSessionRoutes({ sessions: nobody }),
      createMessageRoutes(nobody),
      createRunRoutes(nobody),
      createThreadRoutes({ threads: nobody }),
    ],
    { version: "0" },
  ) as ApiDocument;
