import { z } from "zod";
import { Delivery } from "./delivery.ts";
import { Links } from "./run-result.ts";
import { Run, RunStatus } from "./run.ts";
import { Session, SessionStatus } from "./session.ts";

/** What a URL may hear of. Closed: a new event is a new entry here and in docs/subscriptions.md. */
export const SubscribedType = z.enum([
  "session.created",
  "session.waiting",
  "session.archived",
  "run.started",
  "run.finished",
  "delivery.failed",
  "machine.connected",
  "machine.status",
  "machine.disconnected",
]);
export type SubscribedType = z.infer<typeof SubscribedType>;

/** What an event's run or session may be at: the statuses of both. */
export const SubscribedStatus = z.enum([...new Set([...SessionStatus.options, ...RunStatus.options])]);
export type SubscribedStatus = z.infer<typeof SubscribedStatus>;

const isDistinct = (items: readonly string[]): boolean => new Set(items).size === items.length;
const DISTINCT = "must not name anything twice";

/** Which URLs are allowed is a matter of the server's configuration. */
const fields = {
  url: z.string().trim().min(1).max(2048).meta({
    description:
      "Gets a signed POST for each event. http or https, below OUTBOUND_URLS or N8N_WEBHOOK_BASE; with neither set, on this machine only.",
    example: "http://127.0.0.1:5678/webhook/claude-events",
  }),
  types: z
    .array(SubscribedType)
    .min(1)
    .refine(isDistinct, DISTINCT)
    .meta({
      description: "What it hears of.",
      example: ["run.finished"],
    }),
  projects: z
    .array(z.string().trim().min(1).max(500))
    .max(100)
    .refine(isDistinct, DISTINCT)
    .meta({
      description:
        "Only sessions of these: a repository (`owner/repo` or its URL), or an absolute folder with all below it. Empty: all.",
      example: ["owner/repo"],
    }),
  statuses: z.array(SubscribedStatus).refine(isDistinct, DISTINCT).meta({
    description: "Only events whose run or session has one of these. Empty: all. Events of machines have none.",
  }),
  name: z.string().trim().min(1).max(200).meta({ description: "For a person." }),
};

export const CreateSubscription = z
  .object({
    url: fields.url,
    types: fields.types,
    projects: fields.projects.default([]),
    statuses: fields.statuses.default([]),
    name: fields.name.optional(),
  })
  .meta({ id: "CreateSubscription" });
export type CreateSubscription = z.infer<typeof CreateSubscription>;

export const UpdateSubscription = z
  .object({ ...fields, enabled: z.boolean().meta({ description: "true also begins anew after it was disabled." }) })
  .partial()
  .refine((body) => Object.keys(body).length > 0, "must change something")
  .meta({ id: "UpdateSubscription" });
export type UpdateSubscription = z.infer<typeof UpdateSubscription>;

export const Subscription = z
  .object({
    id: z.uuid(),
    name: z.string().nullable(),
    url: z.string(),
    types: z.array(SubscribedType),
    projects: z.array(z.string()),
    statuses: z.array(SubscribedStatus),
    enabled: z.boolean(),
    disabledReason: z.string().nullable().meta({ description: "Why nothing is sent any more, for a person." }),
    failingSince: z.iso.datetime().nullable().meta({ description: "Nothing has got through since then." }),
    lastError: z.string().nullable(),
    lastDeliveredAt: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: "Subscription" });
export type Subscription = z.infer<typeof Subscription>;

export const SubscriptionList = z.object({ items: z.array(Subscription) }).meta({ id: "SubscriptionList" });

const secret = z.string().meta({ description: "What its events are signed with. Shown this once." });

export const CreatedSubscription = Subscription.extend({ secret }).meta({ id: "CreatedSubscription" });
export type CreatedSubscription = z.infer<typeof CreatedSubscription>;

export const SubscriptionSecret = z.object({ id: z.uuid(), secret }).meta({ id: "SubscriptionSecret" });
export type SubscriptionSecret = z.infer<typeof SubscriptionSecret>;

export const EventSession = Session.pick({
  sessionId: true,
  title: true,
  status: true,
  waitingFor: true,
  projectType: true,
  githubRepo: true,
  projectPath: true,
  branch: true,
  source: true,
  tags: true,
  metadata: true,
  costUsd: true,
  runCount: true,
  lastReason: true,
  createdAt: true,
}).meta({ id: "EventSession" });
export type EventSession = z.infer<typeof EventSession>;

export const EventRun = Run.pick({
  runId: true,
  number: true,
  messageId: true,
  status: true,
  reason: true,
  error: true,
  costUsd: true,
  usage: true,
  turns: true,
  durationMs: true,
  startedAt: true,
  finishedAt: true,
})
  .extend({ answer: z.string().nullable(), structuredOutput: z.json().nullable() })
  .meta({ id: "EventRun" });
export type EventRun = z.infer<typeof EventRun>;

export const EventDelivery = Delivery.pick({
  deliveryId: true,
  kind: true,
  type: true,
  attempts: true,
  lastError: true,
  lastStatus: true,
}).meta({ id: "EventDelivery" });
export type EventDelivery = z.infer<typeof EventDelivery>;

/**
 * What a subscribed URL gets as JSON. The same event id means the same event, sent again. `subscription.test` is what
 * POST /api/subscriptions/:id/test sends, whatever is subscribed to.
 */
export const SubscriptionEvent = z
  .object({
    eventId: z.uuid(),
    subscriptionId: z.uuid(),
    type: z.enum([...SubscribedType.options, "subscription.test"]),
    occurredAt: z.iso.datetime(),
    session: EventSession.optional().meta({ description: "With session.*, run.* and delivery.failed." }),
    run: EventRun.optional().meta({ description: "With run.*." }),
    delivery: EventDelivery.optional().meta({ description: "With delivery.failed: what could not be sent." }),
    machine: z.record(z.string(), z.json()).optional().meta({ description: "With machine.*." }),
    links: Links.extend({ run: z.string() }).partial(),
  })
  .meta({ id: "SubscriptionEvent" });
export type SubscriptionEvent = z.infer<typeof SubscriptionEvent>;
