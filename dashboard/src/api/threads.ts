import { queryOptions } from "@tanstack/react-query";
import { SessionThread, SessionThreads } from "../../../src/contract/thread.ts";
import { request } from "./client.ts";
import { pollWithoutFeed } from "./polling.ts";

export const threadsQuery = (sessionId: string) =>
  queryOptions({
    queryKey: ["threads", sessionId],
    queryFn: ({ signal }) => request(SessionThreads, `/api/sessions/${sessionId}/threads`, { signal }),
    refetchInterval: pollWithoutFeed,
  });

export const muteThread = (sessionId: string, threadId: string, muted: boolean) =>
  request(SessionThread, `/api/sessions/${sessionId}/threads/${threadId}`, { method: "PATCH", body: { muted } });
