import type { Delivery } from "../contract/delivery.ts";
import type {
  CreatedSubscription,
  CreateSubscription,
  Subscription,
  SubscriptionSecret,
  UpdateSubscription,
} from "../contract/subscription.ts";
import type { Database } from "../db/database.ts";
import type { OutboundUrls } from "../deliveries/outbound-url.ts";
import { AppError } from "../lib/errors.ts";
import { disableSubscription } from "./subscription-health-queries.ts";
import {
  bumpSecret,
  deleteSubscription,
  findSubscription,
  findSubscriptions,
  insertSubscription,
  MAX_SUBSCRIPTIONS,
  updateSubscription,
  type SubscriptionRow,
} from "./subscription-queries.ts";
import { subscriptionSecret } from "./subscription-secret.ts";
import { queueTestEvent } from "./tell-subscribers-queries.ts";

export type SubscriptionService = ReturnType<typeof createSubscriptionService>;

interface Parts {
  db: Database;
  outboundUrls: Pick<OutboundUrls, "check">;
  /** Of this installation; each subscription's own is made of it. */
  secret: string;
  /** A delivery as the API shows it. */
  findDelivery: (id: string) => Promise<Delivery>;
}

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;

const present = (row: SubscriptionRow): Subscription => ({
  id: row.id,
  name: row.name,
  url: row.url,
  types: row.types as Subscription["types"],
  projects: row.projects,
  statuses: row.statuses as Subscription["statuses"],
  enabled: row.disabledAt === null,
  disabledReason: row.disabledReason,
  failingSince: iso(row.failingSince),
  lastError: row.lastError,
  lastDeliveredAt: iso(row.lastDeliveredAt),
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});

const SWITCHED_OFF = "It was switched off.";

function changeOf({ enabled, url, ...fields }: UpdateSubscription, check: (url: string) => string) {
  const begun = { disabledAt: null, disabledReason: null, failingSince: null, failures: 0, lastError: null };
  return {
    ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
    ...(url !== undefined && { url: check(url) }),
    ...(enabled && begun),
  };
}

function found(row: SubscriptionRow | undefined, id: string): SubscriptionRow {
  if (!row) throw new AppError("not_found", `There is no subscription ${id}`);
  return row;
}

/** URLs that hear of events: who they are, and what they may check us by. */
export function createSubscriptionService({ db, outboundUrls, secret, findDelivery }: Parts) {
  const check = (url: string): string => outboundUrls.check("body.url", url);

  return {
    async create(body: CreateSubscription): Promise<CreatedSubscription> {
      const row = await db.transaction().execute((tx) => insertSubscription(tx, { ...body, url: check(body.url) }));
      if (!row)
        throw new AppError("conflict", `There are ${MAX_SUBSCRIPTIONS} subscriptions already; delete those not needed`);
      return { ...present(row), secret: subscriptionSecret(secret, row) };
    },

    list: async (): Promise<{ items: Subscription[] }> => ({ items: (await findSubscriptions(db)).map(present) }),

    get: async (id: string): Promise<Subscription> => present(found(await findSubscription(db, id), id)),

    update: (id: string, body: UpdateSubscription): Promise<Subscription> =>
      db.transaction().execute(async (tx) => {
        const row = found(await updateSubscription(tx, id, changeOf(body, check)), id);
        if (body.enabled !== false) return present(row);
        return present(found(await disableSubscription(tx, id, SWITCHED_OFF), id));
      }),

    async remove(id: string): Promise<void> {
      const removed = await db.transaction().execute((tx) => deleteSubscription(tx, id));
      if (!removed) found(undefined, id);
    },

    async rotateSecret(id: string): Promise<SubscriptionSecret> {
      const row = found(await bumpSecret(db, id), id);
      return { id, secret: subscriptionSecret(secret, row) };
    },

    /** Sends a test event, also to one that is disabled. */
    async test(id: string): Promise<Delivery> {
      const { id: subscriptionId } = found(await findSubscription(db, id), id);
      return findDelivery(await db.transaction().execute((tx) => queueTestEvent(tx, subscriptionId)));
    },

    /** Where its events go now and what they are signed with; undefined when it is gone, or switched off but for tests. */
    async target(id: string, { isTest }: { isTest: boolean }): Promise<{ url: string; secret: string } | undefined> {
      const row = await findSubscription(db, id);
      if (!row || (row.disabledAt !== null && !isTest)) return undefined;
      return { url: row.url, secret: subscriptionSecret(secret, row) };
    },
  };
}
