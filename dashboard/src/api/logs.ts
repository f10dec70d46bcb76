import { infiniteQueryOptions } from "@tanstack/react-query";
import { CommandLogPage } from "../../../src/contract/command-log.ts";
import { request } from "./client.ts";
import { pollWithoutFeed } from "./polling.ts";

const PAGE = 100;

export const logsQuery = (sessionId: string) =>
  infiniteQueryOptions({
    queryKey: ["logs", sessionId],
    queryFn: ({ signal, pageParam }) =>
      request(CommandLogPage, `/api/sessions/${sessionId}/logs`, { signal, query: { limit: PAGE, cursor: pageParam } }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    refetchInterval: pollWithoutFeed,
  });
