import { queryOptions } from "@tanstack/react-query";
import type { z } from "zod";
import { Delivery } from "../../../src/contract/delivery.ts";
import {
  CreatedSubscription,
  type CreateSubscription,
  Subscription,
  SubscriptionList,
  type UpdateSubscription,
} from "../../../src/contract/subscription.ts";
import { request, requestEmpty } from "./client.ts";
import { POLL_MS } from "./polling.ts";

export const subscriptionsQuery = queryOptions({
  queryKey: ["subscriptions"],
  queryFn: async ({ signal }) => (await request(SubscriptionList, "/api/subscriptions", { signal })).items,
  refetchInterval: POLL_MS,
});

export const createSubscription = (body: z.input<typeof CreateSubscription>) =>
  request(CreatedSubscription, "/api/subscriptions", { method: "POST", body });

export const updateSubscription = (id: string, body: UpdateSubscription) =>
  request(Subscription, `/api/subscriptions/${id}`, { method: "PATCH", body });

export const testSubscription = (id: string) => request(Delivery, `/api/subscriptions/${id}/test`, { method: "POST" });

export const deleteSubscription = (id: string) => requestEmpty(`/api/subscriptions/${id}`, { method: "DELETE" });
