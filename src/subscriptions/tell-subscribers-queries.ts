import { randomUUID } from "node:crypto";
import type { Kysely } from "kysely";
import type { EventDelivery, SubscribedType } from "../contract/subscription.ts";
import type { DB } from "../db/schema.ts";
import { queueDeliveries, SUBSCRIPTION, type NewDelivery } from "../deliveries/delivery-queries.ts";
import { isOfProject } from "./project-filter.ts";

type MachineType = Extract<SubscribedType, `machine.${string}`>;
type RunType = Extract<SubscribedType, `run.${string}`>;
type SessionType = Extract<SubscribedType, `session.${string}`>;

/** Something that a URL may have subscribed to. */
export type ToldEvent =
  | { type: SessionType; sessionId: string }
  | { type: RunType; sessionId: string; runId: string }
  | { type: "delivery.failed"; sessionId: string | null; runId: string | null; delivery: EventDelivery }
  | { type: MachineType; machine: { readonly [field: string]: unknown } };

/** How things stood at the event; the rest is read from the ledger when it is sent. */
export interface EventBody {
  occurredAt: string;
  session?: Awaited<ReturnType<typeof sessionNow>>;
  run?: Awaited<ReturnType<typeof runNow>>;
  delivery?: EventDelivery;
  machine?: { readonly [field: string]: unknown };
}

/**
 * Tells every URL that has subscribed to such an event, with the commit of `tx`, which writes what it tells. Told after
 * the session or run has its new status.
 */
export async function tellSubscribers(tx: Kysely<DB>, event: ToldEvent): Promise<void> {
  const subscribed = await findSubscribed(tx, event.type);
  if (subscribed.length === 0) return;
  const about = await readAbout(tx, event);
  const { session, run } = about;
  const body = bodyOf(event, about);
  const statuses = [session?.status, run?.status].filter((status) => status !== undefined);
  const heard = subscribed.filter(
    (subscription) => isOfProject(session, subscription.projects) && hasStatus(statuses, subscription.statuses, event),
  );
  const { sessionId, runId } = about;
  await queueDeliveries(
    tx,
    heard.map(({ id }) => toSubscription(id, { topic: event.type, sessionId, runId, body: { ...body } })),
  );
}

/** The same of many machines at once, where mostly nobody has subscribed. */
export async function tellOfMachines(
  tx: Kysely<DB>,
  type: MachineType,
  machines: readonly { readonly [field: string]: unknown }[],
): Promise<void> {
  if ((await findSubscribed(tx, type)).length === 0) return;
  for (const machine of machines) await tellSubscribers(tx, { type, machine });
}

const findSubscribed = (tx: Kysely<DB>, type: SubscribedType) =>
  tx
    .selectFrom("subscriptions")
    .select(["id", "projects", "statuses"])
    .where("types", "@>", [[type]])
    .where("disabledAt", "is", null)
    .execute();

/** The session and run that an event is about, as they stand. */
async function readAbout(tx: Kysely<DB>, event: ToldEvent) {
  const sessionId = "sessionId" in event ? event.sessionId : null;
  const runId = "runId" in event ? event.runId : null;
  const session = sessionId === null ? undefined : await sessionNow(tx, sessionId);
  const run = runId === null ? undefined : await runNow(tx, runId);
  return { sessionId, runId, session, run };
}

const bodyOf = (event: ToldEvent, { session, run }: Awaited<ReturnType<typeof readAbout>>): EventBody => ({
  occurredAt: new Date().toISOString(),
  ...(session && { session }),
  ...(run && event.type !== "delivery.failed" && { run }),
  ...("delivery" in event && { delivery: event.delivery }),
  ...("machine" in event && { machine: event.machine }),
});

/** A test event takes no place in the order: what is stuck before it is what it is to find out about. */
export async function queueTestEvent(tx: Kysely<DB>, subscriptionId: string): Promise<string> {
  const body: EventBody = { occurredAt: new Date().toISOString() };
  const told = toSubscription(subscriptionId, {
    topic: "subscription.test",
    sessionId: null,
    runId: null,
    body: { ...body },
  });
  const [id] = await queueDeliveries(tx, [{ ...told, threadKey: `${told.threadKey}:test:${randomUUID()}` }]);
  if (id === undefined) throw new Error("a delivery with a key of its own was not new");
  return id;
}

const toSubscription = (
  id: string,
  told: Pick<NewDelivery, "topic" | "sessionId" | "runId" | "body">,
): NewDelivery => ({
  ...told,
  key: `${SUBSCRIPTION}:${id}:${randomUUID()}`,
  messageId: null,
  kind: SUBSCRIPTION,
  address: id,
  threadKey: `${SUBSCRIPTION}:${id}`,
});

/** What an event is about has one of the wanted statuses; machines have none. */
const hasStatus = (statuses: readonly string[], wanted: readonly string[], { type }: ToldEvent): boolean =>
  wanted.length === 0 || type.startsWith("machine.") || statuses.some((status) => wanted.includes(status));

const sessionNow = (tx: Kysely<DB>, id: string) =>
  tx
    .selectFrom("sessions")
    .select(["status", "waitingFor", "githubRepo", "projectPath", "costUsd", "runCount", "lastReason"])
    .where("id", "=", id)
    .executeTakeFirst();

const runNow = (tx: Kysely<DB>, id: string) =>
  tx.selectFrom("runs").select(["status"]).where("id", "=", id).executeTakeFirst();
