import { z } from "zod";

/**
 * One entry of a session's feed. `seq` rises by one within a session. A `text` event is Claude's live text of one
 * content block: it is replaced under a new seq as it grows, so the latest one with that `key` holds all of it.
 */
export const EventType = z.enum([
  "session.created",
  "session.updated",
  "session.status",
  "message",
  "run",
  "tool",
  "text",
  "notification",
  "hook",
  "workspace",
  "retry",
  "limit",
  "delivery",
]);
export type EventType = z.infer<typeof EventType>;

export const SessionEvent = z
  .object({
    sessionId: z.uuid(),
    seq: z.int(),
    type: EventType,
    key: z.string().nullable(),
    runId: z.uuid().nullable(),
    data: z.record(z.string(), z.json()),
    timestamp: z.iso.datetime(),
  })
  .meta({ id: "SessionEvent" });
export type SessionEvent = z.infer<typeof SessionEvent>;

export const EventPage = z
  .object({ items: z.array(SessionEvent), nextCursor: z.string().nullable() })
  .meta({ id: "EventPage" });
export type EventPage = z.infer<typeof EventPage>;
