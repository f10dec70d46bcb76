import { infiniteQueryOptions, type QueryClient } from "@tanstack/react-query";
import { CommandLogPage } from "../../../src/contract/command-log.ts";
import { request } from "./client.ts";
import { pollWithoutFeed } from "./polling.ts";

const PAGE = 100;
const NEWEST = 20;

export const logsQuery = (sessionId: string) =>
  infiniteQueryOptions({
    queryKey: ["logs", sessionId],
    queryFn: ({ signal, pageParam }) =>
      request(CommandLogPage, `/api/sessions/${sessionId}/logs`, { signal, query: { limit: PAGE, cursor: pageParam } }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    refetchInterval: pollWithoutFeed,
  });

/** Merges the newest calls into those that are known. False when that left a gap, none were known, or nobody looks. */
export async function readNewestLogs(client: QueryClient, sessionId: string): Promise<boolean> {
  const { queryKey } = logsQuery(sessionId);
  if (!client.getQueryData(queryKey) || !client.getQueryCache().find({ queryKey })?.isActive()) return false;
  const path = `/api/sessions/${sessionId}/logs`;
  const { items } = await request(CommandLogPage, path, { query: { limit: NEWEST } });
  const known = client.getQueryData(queryKey);
  if (!known) return false;
  const ids = new Set(known.pages.flatMap((page) => page.items.map((log) => log.logId)));
  const added = items.filter((log) => !ids.has(log.logId));
  if (added.length === items.length && ids.size > 0) return false;
  const newest = new Map(items.map((log) => [log.logId, log]));
  client.setQueryData(queryKey, {
    ...known,
    pages: known.pages.map((page, index) => {
      const current = page.items.map((log) => newest.get(log.logId) ?? log);
      return { ...page, items: index === 0 ? [...added, ...current] : current };
    }),
  });
  return true;
}
