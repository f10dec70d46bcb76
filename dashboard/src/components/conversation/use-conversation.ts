import { type InfiniteData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Session } from "../../../../src/contract/session.ts";
import { eventsQuery } from "../../api/events.ts";
import { logsQuery } from "../../api/logs.ts";
import { messagesQuery } from "../../api/messages.ts";
import { runsQuery } from "../../api/runs.ts";
import { isPending, timeline } from "../../lib/timeline.ts";

interface Paged<T> {
  data: InfiniteData<{ items: T[] }> | undefined;
  hasNextPage: boolean;
}

const all = <T>(list: Paged<T>): T[] => list.data?.pages.flatMap((page) => page.items) ?? [];

/** How far back a list reaches: to its oldest entry while there are older ones, else to the beginning. */
function reach(list: Paged<{ timestamp: string }>): string {
  return list.hasNextPage ? (all(list).at(-1)?.timestamp ?? "") : "";
}

/** All that is told about a session as one conversation, as far back as all of its parts have been read. */
export function useConversation(session: Session) {
  const id = session.sessionId;
  const messages = useInfiniteQuery(messagesQuery(id));
  const logs = useInfiniteQuery(logsQuery(id));
  const runs = useInfiniteQuery(runsQuery(id));
  const events = useQuery(eventsQuery(id, () => session.lastSeq));
  const from = [reach(messages), reach(logs)].toSorted().at(-1) ?? "";
  const told = useMemo(
    () => ({ messages: all(messages), logs: all(logs), runs: all(runs), events: events.data ?? [] }),
    // Only the data counts: the query objects are new on every render.
    // oxlint-disable-next-line react/exhaustive-deps
    [messages.data, logs.data, runs.data, events.data],
  );
  const items = useMemo(() => timeline(told, from), [told, from]);
  const pending = useMemo(() => told.messages.filter((message) => isPending(message, told.runs)).toReversed(), [told]);
  const earlier = async () => {
    const lists = [messages, logs].filter((list) => list.hasNextPage);
    await Promise.all(lists.map((list) => list.fetchNextPage()));
  };
  return {
    items,
    pending,
    runs: told.runs,
    earlier: from === "" ? undefined : earlier,
    isLoadingEarlier: messages.isFetchingNextPage || logs.isFetchingNextPage,
    isLoading: messages.isLoading || logs.isLoading || runs.isLoading,
    error: messages.error ?? logs.error ?? runs.error,
  };
}
