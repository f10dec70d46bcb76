import { startClaimedWork } from "../db/claimed-work.ts";
import type { Listener } from "../db/notify.ts";
import type { Logger } from "../lib/logger.ts";
import { retryPace, type RetryPace } from "./after-attempt.ts";
import type { AttemptParts } from "./attempt-delivery.ts";
import { carryDelivery } from "./carry-delivery.ts";
import type { Channel } from "./channel.ts";
import { claimDelivery, findNextDelivery, renewClaims } from "./claim-queries.ts";
import { OUTBOX } from "./delivery-queries.ts";

/** Sends at once in one process; each goes to another address. */
const MAX_AT_ONCE = 16;

export interface DelivererParts extends AttemptParts {
  listener: Pick<Listener, "listen" | "onResync">;
  log: Logger;
  /** Channels that another deliverer of this process carries. */
  elsewhere?: readonly Channel[];
  /** Whether it is for this process to send just now; always when absent. */
  isOurs?: () => Promise<boolean>;
  /** For tests. */
  pace?: RetryPace;
  clock?: () => Date;
  random?: () => number;
}

/** Empties the outbox. What a stop cuts off is in doubt: the far end may have it. */
export function startDeliverer(parts: DelivererParts): Promise<AsyncDisposable> {
  const { db, listener, log, channels, pace = retryPace, clock = () => new Date(), random = Math.random } = parts;
  const kinds = channels.map(({ kind }) => kind);
  const kindsElsewhere = (parts.elsewhere ?? []).map(({ kind }) => kind);
  const isOurs = parts.isOurs ?? (() => Promise.resolve(true));
  return startClaimedWork({
    name: "deliveries",
    listener,
    channel: OUTBOX,
    log,
    maxAtOnce: MAX_AT_ONCE,
    clock,
    claimNext: async (claimMs) =>
      (await isOurs()) ? claimDelivery(db, { kinds, kindsElsewhere, now: clock(), claimMs }) : undefined,
    findNextDue: async () => ((await isOurs()) ? findNextDelivery(db, kinds) : undefined),
    renew: (claims, claimMs) => renewClaims(db, claims, claimMs),
    work: (claimed, { cut, stopped }) => carryDelivery({ ...parts, pace, clock, random, stopped }, claimed, cut),
  });
}
