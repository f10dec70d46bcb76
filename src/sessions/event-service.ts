import type { SessionEvent } from "../contract/event.ts";
import type { Database } from "../db/database.ts";
import { AppError, invalidField } from "../lib/errors.ts";
import { findEvents, findEventsFrom, type FeedPlace } from "./event-queries.ts";
import type { Feed } from "./feed.ts";
import { createFollower, type FollowSink } from "./follower.ts";
import { findSession } from "./session-queries.ts";

/** Where a page of events begins and how many it may hold. */
interface EventPlace {
  after: string;
  limit: number;
}

export type EventService = ReturnType<typeof createEventService>;

/** Events in one answer to those who poll, and in one reading for those who follow. */
export const EVENT_PAGE = 500;
/** A client that was away for more than this many events reloads instead of reading them all. */
const MAX_CATCH_UP = 5_000;

const SEQ = /^\d{1,15}$/;
/** `horizon`, or in the middle of a pass `horizon.next.tx.sessionId.seq`. */
const PLACE = /^(\d{1,19})(?:\.(\d{1,19})\.(\d{1,19})\.([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})\.(\d{1,15}))?$/;

const noCursor = () => invalidField("query.after", "(or Last-Event-ID) is not a cursor of this feed");

function seqOf(cursor: string): number {
  if (!SEQ.test(cursor)) throw noCursor();
  return Number(cursor);
}

function placeOf(cursor: string): FeedPlace {
  const [, horizon, next, tx, sessionId, seq] = PLACE.exec(cursor) ?? [];
  if (horizon === undefined) throw noCursor();
  return next && tx && sessionId ? { horizon, pass: { next, tx, sessionId, seq: Number(seq) } } : { horizon };
}

const cursorOf = ({ horizon, pass }: FeedPlace): string =>
  pass ? [horizon, pass.next, pass.tx, pass.sessionId, pass.seq].join(".") : horizon;

export function createEventService({ db, feed }: { db: Database; feed: Feed }) {
  async function requireSession(id: string): Promise<void> {
    if (!(await findSession(db, id))) throw new AppError("not_found", `There is no session ${id}`);
  }

  return {
    /** A page of one session's events after a seq, for those who poll. */
    async page(sessionId: string, { after, limit }: EventPlace) {
      const seq = seqOf(after);
      await requireSession(sessionId);
      const items = await findEvents(db, sessionId, { after: seq, limit });
      return { items, nextCursor: String(items.at(-1)?.seq ?? seq) };
    },

    /** A page of all sessions' events; an event may come twice, so tell them apart by session and seq. */
    async pageOfAll({ after, limit }: EventPlace) {
      const { events, place } = await findEventsFrom(db, placeOf(after), limit);
      return { items: events, nextCursor: cursorOf(place) };
    },

    /** All that one session has after `lastSeq` and then all that comes, each once and in order. */
    async follow(sessionId: string, lastSeq: string | undefined, open: () => FollowSink): Promise<() => void> {
      let seq = seqOf(lastSeq ?? "0");
      await requireSession(sessionId);
      await feed.skipAhead();
      const sink = open();
      const isFresh = (event: SessionEvent) => event.sessionId === sessionId && event.seq > seq;
      async function send(events: readonly SessionEvent[]): Promise<void> {
        const fresh = events.filter(isFresh);
        seq = fresh.at(-1)?.seq ?? seq;
        if (fresh.length > 0) await sink.events(fresh, String(seq));
      }
      async function catchUp(): Promise<void> {
        for (;;) {
          const events = await findEvents(db, sessionId, { after: seq, limit: EVENT_PAGE });
          await send(events);
          if (events.length < EVENT_PAGE) return;
        }
      }
      const follower = createFollower({ ...sink, events: send, resync: () => catchUp().catch(sink.drop) });
      const end = feed.follow((batch) => {
        const events = batch.events.filter(isFresh);
        if (events.length > 0 || batch.resync) follower.push({ ...batch, events });
      });
      await catchUp().catch(endFirst(end));
      follower.start();
      return end;
    },

    /** All sessions' events from a cursor on, at least once each; without one, from now on. */
    async followAll(lastId: string | undefined, open: () => FollowSink): Promise<() => void> {
      const from = lastId === undefined ? undefined : placeOf(lastId);
      await feed.skipAhead();
      const sink = open();
      const follower = createFollower(sink);
      const end = feed.follow(follower.push);
      // Until what it missed was sent, a client that is cut off must resume from where it was.
      await sink.events([], lastId ?? feed.cursor);
      if (from) {
        const { events, next, complete } = await findEventsFrom(db, from, MAX_CATCH_UP).catch(endFirst(end));
        await (complete ? sink.events(events, next) : sink.resync(next));
      }
      follower.start();
      return end;
    },
  };
}

/** A follower that cannot be caught up is not kept among the others. */
const endFirst =
  (end: () => void) =>
  (error: unknown): never => {
    end();
    throw error;
  };
