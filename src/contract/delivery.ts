import { z } from "zod";
import { Page } from "./page.ts";
import { Links, RunResult } from "./run-result.ts";
import { Source } from "./session.ts";

export const DeliveryStatus = z.enum(["pending", "sending", "delivered", "failed"]);
export type DeliveryStatus = z.infer<typeof DeliveryStatus>;

/** One outbound message or event on its way to one place. */
export const Delivery = z
  .object({
    deliveryId: z
      .uuid()
      .meta({ description: "Also the event id that the receiver is told, the same in each attempt." }),
    sessionId: z.uuid().nullable().meta({ description: "Null for a notice that belongs to no session." }),
    runId: z.uuid().nullable(),
    messageId: z.uuid().nullable(),
    kind: z.string().meta({ description: "The channel that carries it, such as callback." }),
    type: z.string().meta({ description: "What it tells, such as run.finished." }),
    address: z.string().meta({ description: "Where it goes; what may be a secret in it is left out." }),
    status: DeliveryStatus,
    attempts: z.int(),
    nextAttemptAt: z.iso.datetime().nullable(),
    deadline: z.iso.datetime().meta({ description: "Given up when an attempt fails after this." }),
    lastError: z.string().nullable(),
    lastStatus: z.int().nullable().meta({ description: "What the receiver answered to the last attempt." }),
    response: z.string().nullable().meta({ description: "The beginning of the receiver's last answer." }),
    createdAt: z.iso.datetime(),
    deliveredAt: z.iso.datetime().nullable(),
    givenUpAt: z.iso.datetime().nullable(),
  })
  .meta({ id: "Delivery" });
export type Delivery = z.infer<typeof Delivery>;

export const DeliveryPage = Page(Delivery).meta({ id: "DeliveryPage" });

export const DeliveryFilter = z.object({
  status: DeliveryStatus.optional().meta({ description: "Only those that stand there." }),
  kind: z.string().trim().min(1).max(50).optional().meta({ description: "Only those that leave this way." }),
});
export type DeliveryFilter = z.infer<typeof DeliveryFilter>;

/** What is said in a session's threads without a run: an outbound message that was posted to be delivered. */
export const MessagePosted = z.object({
  eventId: z.uuid(),
  type: z.literal("message.posted"),
  sessionId: z.uuid(),
  messageId: z.uuid(),
  content: z.string(),
  author: z.string().nullable(),
  source: Source,
  links: Links,
  timestamp: z.iso.datetime(),
});
export type MessagePosted = z.infer<typeof MessagePosted>;

/** What a receiver of a callback gets as JSON. The same event id means the same event, sent again. */
export const RunFinished = RunResult.extend({ eventId: z.uuid(), type: z.literal("run.finished") }).meta({
  id: "RunFinished",
});
export type RunFinished = z.infer<typeof RunFinished>;

/** What it gets instead when the deadline that the caller gave comes before the end. */
export const RunStillRunning = RunResult.extend({ eventId: z.uuid(), type: z.literal("run.still_running") }).meta({
  id: "RunStillRunning",
});
export type RunStillRunning = z.infer<typeof RunStillRunning>;
