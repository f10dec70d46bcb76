import type { SessionEvent } from "../contract/event.ts";
import type { Database } from "../db/database.ts";
import type { Listener } from "../db/notify.ts";
import type { Logger } from "../lib/logger.ts";
import { startRepeating } from "../lib/repeat.ts";
import { findEventsFrom, findHorizon, SESSION_EVENTS } from "./event-queries.ts";

export type Feed = Awaited<ReturnType<typeof openFeed>>;

/** New events of all sessions, each session's in order. Who resumes from `cursor` misses nothing that comes after. */
export interface FeedBatch {
  events: readonly SessionEvent[];
  cursor: string;
  /** More happened than is handed on: followers read for themselves. */
  resync?: boolean;
}

/** More new events than this at once (the database was away, or one transaction wrote them all) are not handed on. */
const MAX_BATCH = 5_000;
/** A NOTIFY can be lost with its connection; this is how late an event can then be. */
const PATROL_MS = 5_000;

const nameOf = ({ sessionId, seq }: SessionEvent): string => `${sessionId} ${seq}`;

/**
 * The feed of this process: one LISTEN connection and one reader, however many clients follow. It reads by
 * transaction, not by time: an event whose transaction was slow to commit is late, never skipped.
 */
export async function openFeed({ db, listener, log }: { db: Database; listener: Listener; log: Logger }) {
  const followers = new Set<(batch: FeedBatch) => void>();
  const stopped = new AbortController();
  let cursor = await findHorizon(db);
  let had = new Set<string>();

  /** Nobody needed what has come so far, so it is passed over. Who comes meanwhile is not: then the place stays. */
  async function skipAhead(): Promise<void> {
    if (followers.size > 0) return;
    const horizon = await findHorizon(db);
    if (followers.size > 0) return;
    cursor = horizon;
    had = new Set();
  }

  /** Reads what is new and hands it on. */
  async function pumpOnce(): Promise<void> {
    const { events, next, complete } = await findEventsFrom(db, { horizon: cursor }, MAX_BATCH);
    const fresh = complete ? events.filter((event) => !had.has(nameOf(event))) : [];
    had = new Set(complete ? events.map(nameOf) : []);
    cursor = next;
    if (fresh.length === 0 && complete) return;
    for (const follow of followers) follow({ events: fresh, cursor, ...(!complete && { resync: true }) });
  }

  const pump = createPump({ pumpOnce, isWanted: () => followers.size > 0 && !stopped.signal.aborted, log });
  await listener.listen(SESSION_EVENTS, pump.wake);
  listener.onResync(pump.wake);
  const patrol = startRepeating(
    async () => {
      pump.wake();
      await skipAhead();
    },
    { intervalMs: PATROL_MS, onError: (error) => log.debug({ err: error }, "the feed could not be looked at") },
  );

  return {
    /** Brings the feed to where it stands now; to be awaited before `follow`. */
    skipAhead,

    /** Where the feed stands; with nobody following, after `skipAhead`. */
    get cursor(): string {
      return cursor;
    },

    /** Calls `onBatch` for all that comes from now on; the returned function ends it. */
    follow(onBatch: (batch: FeedBatch) => void): () => void {
      followers.add(onBatch);
      return () => void followers.delete(onBatch);
    },

    /** How many follow: somebody has the dashboard or a feed open. */
    get followers(): number {
      return followers.size;
    },

    async [Symbol.asyncDispose](): Promise<void> {
      stopped.abort();
      followers.clear();
      await Promise.all([patrol[Symbol.asyncDispose](), pump.idle()]);
    },
  };
}

interface PumpParts {
  /** Reads what is new and hands it on. */
  pumpOnce: () => Promise<void>;
  /** With nobody listening each event would be read for nothing. */
  isWanted: () => boolean;
  log: Logger;
}

/** One reader at a time; what wakes it while it reads makes it read once more. */
function createPump({ pumpOnce, isWanted, log }: PumpParts) {
  let pumping: Promise<void> | undefined;
  let again = false;

  async function pumpAll(): Promise<void> {
    try {
      do {
        again = false;
        await pumpOnce();
      } while (again && isWanted());
    } catch (error) {
      log.warn({ err: error }, "the feed could not be read; it is tried again");
    } finally {
      pumping = undefined;
    }
  }

  return {
    wake(): void {
      again = true;
      if (isWanted()) pumping ??= pumpAll();
    },
    idle: async (): Promise<void> => pumping,
  };
}
