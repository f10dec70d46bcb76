import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { diffQuery } from "../../api/diff.ts";
import { logsQuery } from "../../api/logs.ts";
import { count } from "../../lib/format.ts";
import type { Tab } from "./use-session-view.ts";

/** The small numbers beside the tabs' names; nothing where there is nothing to count. */
export function useTabCounts(sessionId: string): Partial<Record<Tab, string>> {
  const { data: diff } = useQuery(diffQuery(sessionId));
  const { data: logs, hasNextPage } = useInfiniteQuery(logsQuery(sessionId));
  const calls = logs?.pages.reduce((sum, page) => sum + page.items.length, 0) ?? 0;
  return {
    ...(diff && diff.files.length > 0 && { changes: count(diff.files.length) }),
    ...(calls > 0 && { tools: `${count(calls)}${hasNextPage ? "+" : ""}` }),
  };
}
