import { z } from "zod";
import { JsonSchema } from "./json-schema.ts";
import { MessageFile } from "./message-file.ts";
import { Page } from "./page.ts";
import { CallbackDeadline, CallbackUrl, Prompt, Source } from "./session.ts";

export const Direction = z.enum(["inbound", "outbound"]);
export type Direction = z.infer<typeof Direction>;

export const PostMessage = z
  .object({
    content: Prompt,
    direction: Direction.default("inbound").meta({
      description: "inbound continues the session; outbound is only recorded.",
    }),
    source: Source.default("api"),
    author: z.string().trim().min(1).max(200).optional(),
    deliver: z
      .boolean()
      .default(false)
      .meta({ description: "Also send an outbound message to the session's threads." }),
    steer: z.boolean().default(false).meta({
      description: "Hand the message to the run that is on now, at its next model call, instead of queueing a run.",
    }),
    restart: z.literal("summary").optional().meta({
      description:
        "Begins a new conversation of Claude in the same session and workspace, told in short what was said so far: for when Claude's own record is gone, or grew too long.",
    }),
    callbackUrl: CallbackUrl.optional(),
    callbackDeadlineSeconds: CallbackDeadline.optional(),
    jsonSchema: JsonSchema.optional(),
    metadata: z.record(z.string().max(200), z.json()).default({}),
  })
  .meta({ id: "PostMessage" });
export type PostMessage = z.infer<typeof PostMessage>;

/** Where an inbound message stands: the status of the run it made. */
export const MessageStatus = z.enum(["recorded", "queued", "running", "waiting", "succeeded", "failed", "cancelled"]);
export type MessageStatus = z.infer<typeof MessageStatus>;

export const PostedMessage = z
  .object({ messageId: z.uuid(), runId: z.uuid().nullable(), status: MessageStatus })
  .meta({ id: "PostedMessage" });
export type PostedMessage = z.infer<typeof PostedMessage>;

export const Message = z
  .object({
    messageId: z.uuid(),
    sessionId: z.uuid(),
    runId: z.uuid().nullable(),
    direction: Direction,
    source: Source,
    author: z.string().nullable(),
    content: z.string(),
    files: z.array(MessageFile).meta({ description: "What came with it; its run finds them in the workspace." }),
    status: MessageStatus,
    metadata: z.record(z.string(), z.json()),
    timestamp: z.iso.datetime(),
  })
  .meta({ id: "Message" });
export type Message = z.infer<typeof Message>;

export const MessagePage = Page(Message).meta({ id: "MessagePage" });
