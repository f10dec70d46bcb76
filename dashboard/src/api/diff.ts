import { queryOptions } from "@tanstack/react-query";
import { Diff } from "../../../src/contract/diff.ts";
import { request } from "./client.ts";

const STALE_MS = 5_000;

export const diffQuery = (sessionId: string) =>
  queryOptions({
    queryKey: ["diff", sessionId],
    queryFn: ({ signal }) => request(Diff, `/api/sessions/${sessionId}/diff`, { signal }),
    staleTime: STALE_MS,
    retry: false,
  });
