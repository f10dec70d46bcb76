import type { SessionEvent } from "../contract/event.ts";
import type { Database } from "../db/database.ts";
import { AppError, invalidField } from "../lib/errors.ts";
import { findEvents, findEventsFrom } from "./event-queries.ts";
import type { Feed } from "./feed.ts";
import { findSession } from "./session-queries.ts";

export type EventService = ReturnType<typeof createEventService>;

const PAGE = 500;
/** A client that was away for more than this many events reloads instead of reading them all. */
const MAX_CATCH_UP = 5_000;

/** What a follower is sent: events, or the word that it must reload because it was away too long. */
export interface FollowSink {
  events(events: readonly SessionEvent[], cursor: string): void;
  resync(cursor: string): void;
}

export function createEventService({ db, feed }: { db: Database; feed: Feed }) {
  const cursorOf = (text: string): string => {
    if (!/^\d{1,19}$/.test(text)) throw invalidField("query.after", "is not a cursor of this feed");
    return text;
  };

  async function requireSession(id: string): Promise<void> {
    if (!(await findSession(db, id))) throw new AppError("not_found", `There is no session ${id}`);
  }

  return {
    /** A page of one session's events after a seq, for those who poll. */
    async page(sessionId: string, after: string) {
      await requireSession(sessionId);
      const items = await findEvents(db, sessionId, { after: Number(cursorOf(after)), limit: PAGE });
      return { items, nextCursor: String(items.at(-1)?.seq ?? after) };
    },

    /** A page of all sessions' events; an event may come twice, so tell them apart by session and seq. */
    async pageOfAll(after: string) {
      const { events, horizon } = await findEventsFrom(db, cursorOf(after), MAX_CATCH_UP);
      return { items: events, nextCursor: horizon };
    },

    /** All that one session has after `lastSeq` and then all that comes, each once and in order. */
    async follow(sessionId: string, lastSeq: string | undefined, sink: FollowSink): Promise<() => void> {
      await requireSession(sessionId);
      let seq = Number(cursorOf(lastSeq ?? "0"));
      const waiting: SessionEvent[] = [];
      let live = false;
      const send = (events: readonly SessionEvent[]) => {
        const fresh = events.filter((event) => event.sessionId === sessionId && event.seq > seq);
        seq = fresh.at(-1)?.seq ?? seq;
        if (fresh.length > 0) sink.events(fresh, String(seq));
      };
      const end = feed.follow(({ events }) => (live ? send(events) : void waiting.push(...events)));
      for (;;) {
        const events = await findEvents(db, sessionId, { after: seq, limit: PAGE });
        send(events);
        if (events.length < PAGE) break;
      }
      live = true;
      send(waiting);
      return end;
    },

    /** All sessions' events from a cursor on, at least once each; without one, from now on. */
    async followAll(lastId: string | undefined, sink: FollowSink): Promise<() => void> {
      let waiting: Parameters<FollowSink["events"]>[] | undefined = [];
      const end = feed.follow(({ events, cursor }) => (waiting ? void waiting.push([events, cursor]) : sink.events(events, cursor)));
      sink.events([], feed.cursor);
      if (lastId !== undefined) {
        const missed = await findEventsFrom(db, cursorOf(lastId), MAX_CATCH_UP);
        if (missed.complete) sink.events(missed.events, missed.horizon);
        else sink.resync(feed.cursor);
      }
      for (const [events, cursor] of waiting) sink.events(events, cursor);
      waiting = undefined;
      return end;
    },
  };
}
