import type { SessionEvent } from "../contract/event.ts";
import type { FeedBatch } from "./feed.ts";

/** Where a follower's events go. */
export interface FollowSink {
  /** Sends them; resolves when the client has taken them, or is gone. */
  events(events: readonly SessionEvent[], cursor: string): Promise<void>;
  /** There is more than it can be sent: it must read anew. */
  resync(cursor: string): Promise<void>;
  /** Breaks off: it could not keep up, comes back, and resumes from where it was. */
  drop(): void;
}

/** Events that may wait for one follower; what is behind them is read again from the ledger when it comes back. */
const MAX_WAITING = 2_000;

/**
 * Hands live batches on one after the other, as fast as the follower takes them. Until `start` they wait, so that what
 * came before can be sent first.
 */
export function createFollower(sink: FollowSink) {
  const waiting: FeedBatch[] = [];
  let count = 0;
  let sending = true;

  async function send(): Promise<void> {
    sending = true;
    for (let batch = waiting.shift(); batch; batch = waiting.shift()) {
      count -= batch.events.length;
      await (batch.resync ? sink.resync(batch.cursor) : sink.events(batch.events, batch.cursor));
    }
    sending = false;
  }

  return {
    push(batch: FeedBatch): void {
      count += batch.events.length;
      if (count > MAX_WAITING) {
        waiting.length = 0;
        sink.drop();
        return;
      }
      waiting.push(batch);
      if (!sending) void send();
    },
    start: (): void => void send(),
  };
}
