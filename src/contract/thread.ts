import { z } from "zod";

/** Binds a Slack thread to a session, so that what is said there belongs to it. */
export const PutThread = z
  .object({
    team: z.string().max(50).default(""),
    channel: z.string().trim().min(1).max(100),
    threadTs: z.string().regex(/^\d{1,12}\.\d{1,9}$/, "must be a Slack timestamp such as 1700000000.000100"),
    move: z.boolean().optional().meta({
      description: "Also when the thread belongs to another session that is not archived; else that is a conflict.",
    }),
  })
  .meta({ id: "PutThread" });
export type PutThread = z.infer<typeof PutThread>;

/** A place outside where a session is talked about. */
export const SessionThread = z
  .object({
    threadId: z.uuid(),
    kind: z.enum(["slack", "email"]),
    place: z.string().meta({ description: "The Slack channel, or the address that mails go to." }),
    muted: z.boolean().meta({ description: "Nothing is sent there; what comes from there is heard." }),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: "SessionThread" });
export type SessionThread = z.infer<typeof SessionThread>;

export const SessionThreads = z
  .object({
    items: z.array(SessionThread),
    mailAddress: z.string().nullable().meta({
      description: "Who may write by mail goes on with the session by writing here; null where no mail comes in.",
    }),
  })
  .meta({ id: "SessionThreads" });
export type SessionThreads = z.infer<typeof SessionThreads>;

export const ChangeThread = z.object({ muted: z.boolean() }).meta({ id: "ChangeThread" });

export const Thread = z
  .object({
    sessionId: z.uuid(),
    team: z.string(),
    channel: z.string(),
    threadTs: z.string(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: "Thread" });
export type Thread = z.infer<typeof Thread>;
