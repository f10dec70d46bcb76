import type { SessionEvent } from "../contract/event.ts";
import type { Database } from "../db/database.ts";
import { AppError, invalidField } from "../lib/errors.ts";
import { findEvents, findEventsFrom } from "./event-queries.ts";
import type { Feed } from "./feed.ts";
import { createFollower, type FollowSink } from "./follower.ts";
import { findSession } from "./session-queries.ts";

export type EventService = ReturnType<typeof createEventService>;

const PAGE = 500;
/** A client that was away for more than this many events reloads instead of reading them all. */
const MAX_CATCH_UP = 5_000;

export function createEventService({ db, feed }: { db: Database; feed: Feed }) {
  const cursorOf = (text: string): string => {
    if (!/^\d{1,19}$/.test(text)) throw invalidField("query.after", "(or Last-Event-ID) is not a cursor of this feed");
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
    async follow(sessionId: string, lastSeq: string | undefined, open: () => FollowSink): Promise<() => void> {
      await requireSession(sessionId);
      let seq = Number(cursorOf(lastSeq ?? "0"));
      const sink = open();
      const fresh = (events: readonly SessionEvent[]) => events.filter((event) => event.sessionId === sessionId && event.seq > seq);
      const send = async (events: readonly SessionEvent[]) => {
        const unseen = fresh(events);
        seq = unseen.at(-1)?.seq ?? seq;
        if (unseen.length > 0) await sink.events(unseen, String(seq));
      };
      const follower = createFollower({ ...sink, events: send });
      const end = feed.follow(({ events, cursor }) => {
        const unseen = fresh(events);
        if (unseen.length > 0) follower.push({ events: unseen, cursor });
      });
      return orEnd(end, async () => {
        for (;;) {
          const events = await findEvents(db, sessionId, { after: seq, limit: PAGE });
          await send(events);
          if (events.length < PAGE) break;
        }
        follower.start();
      });
    },

    /** All sessions' events from a cursor on, at least once each; without one, from now on. */
    async followAll(lastId: string | undefined, open: () => FollowSink): Promise<() => void> {
      const from = lastId === undefined ? undefined : cursorOf(lastId);
      const sink = open();
      const follower = createFollower(sink);
      const end = feed.follow(follower.push);
      return orEnd(end, async () => {
        await sink.events([], feed.cursor);
        if (from !== undefined) {
          const missed = await findEventsFrom(db, from, MAX_CATCH_UP);
          if (missed.complete) await sink.events(missed.events, missed.horizon);
          else sink.resync(feed.cursor);
        }
        follower.start();
      });
    },
  };
}

/** Catches a follower up; one that cannot be is not kept among the others. */
async function orEnd(end: () => void, catchUp: () => Promise<void>): Promise<() => void> {
  try {
    await catchUp();
    return end;
  } catch (error) {
    end();
    throw error;
  }
}
