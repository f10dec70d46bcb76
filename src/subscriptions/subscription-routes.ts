import { Router } from "express";
import { z } from "zod";
import { Delivery } from "../contract/delivery.ts";
import {
  CreatedSubscription,
  CreateSubscription,
  Subscription,
  SubscriptionList,
  SubscriptionSecret,
  UpdateSubscription,
} from "../contract/subscription.ts";
import { reply, route } from "../http/route.ts";
import type { SubscriptionService } from "./subscription-service.ts";

const Params = z.object({ id: z.uuid() });
const tags = ["Subscriptions"];

interface Parts {
  subscriptions: SubscriptionService;
}

export function createSubscriptionRoutes({ subscriptions }: Parts): Router {
  const router = Router();
  addKeeping(router, { subscriptions });
  addOperating(router, { subscriptions });
  return router;
}

/** What there is to hear of, and who hears it. */
function addKeeping(router: Router, { subscriptions }: Parts): void {
  route(
    router,
    "GET /api/subscriptions",
    { summary: "List the URLs that hear of events, newest first", tags, response: SubscriptionList },
    () => subscriptions.list(),
  );

  route(
    router,
    "POST /api/subscriptions",
    {
      summary: "Subscribe a URL to events",
      description:
        "Each event is a signed POST, in order, repeated until it is taken. The `secret` to check the signature by is shown this once.",
      tags,
      body: CreateSubscription,
      response: CreatedSubscription,
      status: 201,
      headers: { Location: "The address of the subscription" },
    },
    async ({ body }) => {
      const created = await subscriptions.create(body);
      return reply(created, { status: 201, headers: { Location: `/api/subscriptions/${created.id}` } });
    },
  );

  route(
    router,
    "GET /api/subscriptions/:id",
    { summary: "Read a subscription", tags, params: Params, response: Subscription },
    ({ params }) => subscriptions.get(params.id),
  );
}

/** What is done with one that is there. */
function addOperating(router: Router, { subscriptions }: Parts): void {
  route(
    router,
    "PATCH /api/subscriptions/:id",
    {
      summary: "Change a subscription, or switch it on or off",
      description: "What was queued while it was on goes to the new URL; what happens while it is off is not told.",
      tags,
      params: Params,
      body: UpdateSubscription,
      response: Subscription,
    },
    ({ params, body }) => subscriptions.update(params.id, body),
  );

  route(
    router,
    "DELETE /api/subscriptions/:id",
    { summary: "Delete a subscription, and what is on its way to it", tags, params: Params },
    ({ params }) => subscriptions.remove(params.id),
  );

  route(
    router,
    "POST /api/subscriptions/:id/secret",
    {
      summary: "Give a subscription a new secret",
      description: "Every attempt from now on is signed with it; the old one is worth nothing any more.",
      tags,
      params: Params,
      response: SubscriptionSecret,
    },
    ({ params }) => subscriptions.rotateSecret(params.id),
  );

  route(
    router,
    "POST /api/subscriptions/:id/test",
    {
      summary: "Send a test event",
      description:
        "An event of type subscription.test, at once, whatever is subscribed to and whatever waits. See what became of it in GET /api/deliveries?kind=subscription.",
      tags,
      params: Params,
      response: Delivery,
      status: 202,
    },
    ({ params }) => subscriptions.test(params.id),
  );
}
