import { infiniteQueryOptions } from "@tanstack/react-query";
import { RunPage } from "../../../src/contract/run.ts";
import { request } from "./client.ts";
import { pollWithoutFeed } from "./polling.ts";

const PAGE = 100;

export const runsQuery = (sessionId: string) =>
  infiniteQueryOptions({
    queryKey: ["runs", sessionId],
    queryFn: ({ signal, pageParam }) =>
      request(RunPage, `/api/sessions/${sessionId}/runs`, { signal, query: { limit: PAGE, cursor: pageParam } }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    refetchInterval: pollWithoutFeed,
  });
