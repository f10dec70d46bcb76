import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { z } from "zod";
import { Stopped } from "../../../src/contract/run.ts";
import {
  type CreateSession,
  Session,
  SessionPage,
  type SessionStatus,
  type Source,
  type UpdateSession,
} from "../../../src/contract/session.ts";
import { request } from "./client.ts";
import { POLL_MS } from "./polling.ts";

/** What a list of sessions asks for; `statuses` is one group or several of the list. */
export interface SessionsWanted {
  statuses: readonly SessionStatus[];
  q?: string | undefined;
  tag?: string | undefined;
  source?: Source | undefined;
  limit: number;
}

export const sessionsQuery = (wanted: SessionsWanted) =>
  infiniteQueryOptions({
    queryKey: ["sessions", "list", wanted],
    queryFn: ({ signal, pageParam }) =>
      request(SessionPage, "/api/sessions", {
        signal,
        query: {
          status: wanted.statuses.join(","),
          q: wanted.q,
          tag: wanted.tag,
          source: wanted.source,
          limit: wanted.limit,
          cursor: pageParam,
        },
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    enabled: wanted.statuses.length > 0,
    refetchInterval: POLL_MS,
  });

/** Whether there is any session at all: the first-start page shows only while there is none. */
export const anySessionQuery = queryOptions({
  queryKey: ["sessions", "any"],
  queryFn: async ({ signal }) => {
    const page = await request(SessionPage, "/api/sessions", { signal, query: { limit: 1 } });
    return page.items.length > 0;
  },
  refetchInterval: (query) => (query.state.data === true ? false : POLL_MS),
});

export const sessionQuery = (id: string) =>
  queryOptions({
    queryKey: ["sessions", "one", id],
    queryFn: ({ signal }) => request(Session, `/api/sessions/${id}`, { signal }),
    refetchInterval: POLL_MS,
  });

export const createSession = (body: z.input<typeof CreateSession>) =>
  request(Session, "/api/sessions", { method: "POST", body });

export const updateSession = (id: string, body: UpdateSession) =>
  request(Session, `/api/sessions/${id}`, { method: "PATCH", body });

export const stopSession = (id: string) => request(Stopped, `/api/sessions/${id}/stop`, { method: "POST", body: {} });
