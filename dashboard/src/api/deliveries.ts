import { queryOptions } from "@tanstack/react-query";
import { Delivery, DeliveryPage } from "../../../src/contract/delivery.ts";
import { request } from "./client.ts";
import { pollWithoutFeed } from "./polling.ts";

const NEWEST = 50;

/** The newest of what left a session, or is to leave it. */
export const deliveriesQuery = (sessionId: string) =>
  queryOptions({
    queryKey: ["deliveries", sessionId],
    queryFn: ({ signal }) =>
      request(DeliveryPage, `/api/sessions/${sessionId}/deliveries`, { signal, query: { limit: NEWEST } }),
    refetchInterval: pollWithoutFeed,
  });

export const retryDelivery = (id: string) => request(Delivery, `/api/deliveries/${id}/retry`, { method: "POST" });
