import { setTimeout as sleep } from "node:timers/promises";
import { startClaimedWork } from "../db/claimed-work.ts";
import type { Database } from "../db/database.ts";
import type { Listener } from "../db/notify.ts";
import { backoffMs } from "../lib/backoff.ts";
import { toError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import { orAborted } from "../lib/or-aborted.ts";
import {
  claimEntry,
  findNextEntry,
  INBOX,
  insertEntry,
  renewEntries,
  settleEntry,
  type ClaimedEntry,
  type EntryEnd,
  type NewEntry,
} from "./inbox-entry-queries.ts";

export interface InboxEntry {
  door: string;
  externalId: string;
  threadKey: string;
  payload: unknown;
  content: Buffer | null;
  /** 1 for the first. A handler may have been killed after it had done its work, so all it does it does by a key. */
  attempt: number;
  receivedAt: Date;
}

/** What it throws is tried again. */
export type InboxHandler = (
  entry: InboxEntry,
  signal: AbortSignal,
) => Promise<{ is: "done" } | { is: "refused"; reason: string }>;

interface Parts {
  db: Database;
  listener: Pick<Listener, "listen" | "onResync">;
  log: Logger;
  /** By door. */
  handlers: Readonly<Record<string, InboxHandler>>;
  /** For tests. */
  pace?: { baseMs: number; capMs: number };
}

/** Entries at once in one process; each of another thread. */
const MAX_AT_ONCE = 8;
/** No handler takes longer, whatever it waits for. */
const HANDLING_MS = 120_000;
const MAX_ATTEMPTS = 12;
const PACE = { baseMs: 500, capMs: 5 * 60_000 };
const SETTLE_RETRY_MS = 500;

/** Keeps what came in. Resolves when it is committed: then, and not before, its sender may be told. */
export const receiveInto =
  (db: Database) =>
  async (entry: NewEntry): Promise<"new" | "known"> =>
    (await insertEntry(db, entry)) ? "new" : "known";

/**
 * Handles what doors received: each entry once by its name and in the order of its thread, in whichever process is
 * there. What fails is tried again for about half an hour, then kept with the reason.
 */
export function openInbox({ db, listener, log, handlers, pace = PACE }: Parts): Promise<AsyncDisposable> {
  const doors = Object.keys(handlers);

  async function handle(claimed: ClaimedEntry, signal: AbortSignal): Promise<EntryEnd> {
    const { door, externalId, threadKey, payload, content, attempts: attempt, receivedAt } = claimed;
    try {
      const handler = handlers[door];
      if (!handler) throw new Error(`nobody handles what ${door} receives`);
      const entry = { door, externalId, threadKey, payload, content, attempt, receivedAt };
      return await orAborted(handler(entry, signal), signal);
    } catch (error) {
      const reason = toError(error).message;
      if (attempt >= MAX_ATTEMPTS) return { is: "failed", reason };
      return { is: "again", reason, at: new Date(Date.now() + backoffMs(attempt, pace)) };
    }
  }

  /** What was done must not be forgotten: while the database is away it is written again and again. */
  async function settle(claimed: ClaimedEntry, end: EntryEnd, stopped: AbortSignal): Promise<boolean> {
    for (;;) {
      try {
        return await settleEntry(db, claimed, end);
      } catch (error) {
        if (stopped.aborted) throw error;
        log.warn({ err: error, door: claimed.door }, "recording an inbox entry failed; trying again");
        await sleep(SETTLE_RETRY_MS);
      }
    }
  }

  return startClaimedWork<ClaimedEntry>({
    name: "inbox",
    listener,
    channel: INBOX,
    log,
    maxAtOnce: MAX_AT_ONCE,
    clock: () => new Date(),
    claimNext: (claimMs) => claimEntry(db, { doors, now: new Date(), claimMs }),
    findNextDue: () => findNextEntry(db, doors),
    renew: (claims, claimMs) => renewEntries(db, claims, claimMs),
    async work(claimed, { cut, stopped }) {
      const end = await handle(claimed, AbortSignal.any([cut, AbortSignal.timeout(HANDLING_MS)]));
      const { door, attempts } = claimed;
      const level = end.is === "done" ? "info" : "warn";
      if (await settle(claimed, end, stopped)) log[level]({ door, attempts, is: end.is }, "inbox entry handled");
    },
  });
}
