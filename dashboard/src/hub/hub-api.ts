import { queryOptions } from "@tanstack/react-query";
import { z } from "zod";
import {
  HubMachine,
  HubMachineEvent,
  HubMachines,
  HubPendingMachine,
  HubToken,
  HubViewer,
} from "../../../src/contract/hub.ts";
import { request, requestEmpty } from "../api/client.ts";
import { POLL_MS, pollWithoutFeed } from "../api/polling.ts";

const EVENTS = 200;

export type HubMachineEvent = z.infer<typeof HubMachineEvent>;
export type HubToken = z.infer<typeof HubToken>;
export type HubPendingMachine = z.infer<typeof HubPendingMachine>;

const Events = z.object({ events: z.array(HubMachineEvent) });
const NewToken = z.object({ id: z.string(), name: z.string(), token: z.string() });

export const viewerQuery = queryOptions({
  queryKey: ["viewer"],
  queryFn: ({ signal }) => request(HubViewer, "/api/me", { signal }),
  staleTime: 60_000,
});

export const machinesQuery = queryOptions({
  queryKey: ["machines"],
  queryFn: async ({ signal }) => (await request(HubMachines, "/clients", { signal })).clients,
  refetchInterval: pollWithoutFeed,
});

/** What happened to a machine, the latest first; read again whenever the machine itself changes. */
export const eventsQuery = (id: string) =>
  queryOptions({
    queryKey: ["machine-events", id],
    queryFn: async ({ signal }) =>
      (await request(Events, `/clients/${id}/events`, { signal, query: { limit: EVENTS } })).events,
    refetchInterval: pollWithoutFeed,
  });

export const tokensQuery = queryOptions({
  queryKey: ["tokens"],
  queryFn: ({ signal }) => request(z.array(HubToken), "/api/tokens", { signal }),
});

/** Nobody tells of machines that wait to be claimed, so they are asked for. */
export const pendingQuery = queryOptions({
  queryKey: ["pending"],
  queryFn: ({ signal }) => request(z.array(HubPendingMachine), "/api/pending", { signal }),
  refetchInterval: POLL_MS,
});

const post = (path: string, body: object = {}) => requestEmpty(path, { method: "POST", body });

export const createToken = (body: { name: string; expires_in_days?: number }) =>
  request(NewToken, "/api/tokens", { method: "POST", body });
export const revokeToken = (id: string) => post(`/api/tokens/${id}/revoke`);
export const claimMachine = ({ id, name }: { id: string; name: string }) => post(`/api/pending/${id}/claim`, { name });
export const disconnectMachine = (id: string) => post(`/clients/${id}/disconnect`);
export const refreshStatus = (id: string) => post(`/clients/${id}/command`, { command: "refresh_status" });
export const forgetMachine = (id: string) => requestEmpty(`/clients/${id}`, { method: "DELETE" });
export const shareMachine = ({ id, shares }: { id: string; shares: HubMachine["shares"] }) =>
  request(HubMachine, `/clients/${id}/shares`, { method: "PUT", body: { shares } });
