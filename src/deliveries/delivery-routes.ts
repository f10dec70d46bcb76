import { Router } from "express";
import { z } from "zod";
import { Delivery, DeliveryFilter, DeliveryPage } from "../contract/delivery.ts";
import { PageQuery } from "../contract/page.ts";
import { route } from "../http/route.ts";
import type { DeliveryService } from "./delivery-service.ts";

const Params = z.object({ id: z.uuid() });
const tags = ["Deliveries"];

export function createDeliveryRoutes({ deliveries }: { deliveries: DeliveryService }): Router {
  const router = Router();

  route(
    router,
    "GET /api/sessions/:id/deliveries",
    {
      summary: "List what left a session, newest first",
      tags,
      params: Params,
      query: PageQuery,
      response: DeliveryPage,
    },
    ({ params, query }) => deliveries.listOfSession(params.id, query),
  );

  route(
    router,
    "GET /api/deliveries",
    {
      summary: "List deliveries, newest first",
      tags,
      query: PageQuery.extend(DeliveryFilter.shape),
      response: DeliveryPage,
    },
    ({ query: { limit, cursor, ...filter } }) => deliveries.list(filter, { limit, cursor }),
  );

  route(
    router,
    "POST /api/deliveries/:id/retry",
    {
      summary: "Send a failed delivery again",
      description: "It is tried at once, and for another 24 hours; the receiver is told the same event id.",
      tags,
      params: Params,
      response: Delivery,
    },
    ({ params }) => deliveries.retry(params.id),
  );

  return router;
}
