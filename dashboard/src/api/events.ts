import { queryOptions } from "@tanstack/react-query";
import { EventPage, type SessionEvent } from "../../../src/contract/event.ts";
import { request } from "./client.ts";

/** How far back the spoken text between tool calls is read when a session is opened. */
const BACK = 1_500;
const PAGE = 200;
const MOST_PAGES = 10;
const TOLD = new Set(["text", "retry", "limit", "workspace", "notification"]);

/** Whether an event is itself part of the conversation; the others only say what to read again. */
export const isTold = (event: SessionEvent): boolean => TOLD.has(event.type);

/** Adds events to those known, the newest of each key standing for all of it. Keeps a text where it first appeared. */
export function mergeEvents(known: readonly SessionEvent[], added: readonly SessionEvent[]): SessionEvent[] {
  const merged = new Map(known.map((event) => [event.key ?? `#${event.seq}`, event]));
  for (const event of added) {
    const key = event.key ?? `#${event.seq}`;
    const before = merged.get(key);
    if (before && before.seq >= event.seq) continue;
    merged.set(key, before ? { ...event, timestamp: before.timestamp } : event);
  }
  return [...merged.values()];
}

/** The told events of a session from its last stretch on; the feed adds to them as they come. */
export const eventsQuery = (sessionId: string, lastSeq: () => number) =>
  queryOptions({
    queryKey: ["events", sessionId],
    queryFn: async ({ signal, client }) => {
      const known = client.getQueryData<SessionEvent[]>(["events", sessionId]) ?? [];
      let after = Math.max(0, ...known.map((event) => event.seq), lastSeq() - BACK);
      let events: SessionEvent[] = [];
      for (let page = 0; page < MOST_PAGES; page += 1) {
        const query = { after, limit: PAGE };
        const { items } = await request(EventPage, `/api/sessions/${sessionId}/events`, { signal, query });
        events = mergeEvents(events, items.filter(isTold));
        const last = items.at(-1)?.seq;
        if (last === undefined || last <= after || items.length < PAGE) break;
        after = last;
      }
      // Read again: the feed may have added some while this was under way.
      return mergeEvents(client.getQueryData<SessionEvent[]>(["events", sessionId]) ?? [], events);
    },
    staleTime: Infinity,
  });
