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
  return startClaimedWork({
    name: "deliveries",
    listener,
    channel: OUTBOX,
    log,
    maxAtOnce: MAX_AT_ONCE,
    clock,
    claimNext: (claimMs) => claimDelivery(db, { kinds, kindsElsewhere, now: clock(), claimMs }),
    findNextDue: () => findNextDelivery(db, kinds),
    renew: (claims, claimMs) => renewClaims(db, claims, claimMs),
    work: (claimed, { cut, stopped }) => carryDelivery({ ...parts, pace, clock, random, stopped }, claimed, cut),
  });
}
