import type { MessagePosted, RunFinished, RunStillRunning } from "../contract/delivery.ts";
import type { SubscriptionEvent } from "../contract/subscription.ts";

/** What a door says of its own accord: help, a question, a refusal. It is kept as the door wrote it. */
export interface Notice {
  type: "notice";
  [field: string]: unknown;
}

/** What a URL hears that has subscribed to events; the event itself is what is sent. */
export interface Subscribed {
  type: "subscribed";
  event: SubscriptionEvent;
}

/** A file of the workspace that goes out with an answer. */
export interface OutgoingFile {
  name: string;
  mediaType: string;
  size: number;
  content: Buffer;
}

export interface OutgoingFiles {
  /** The answer without the lines that named files. */
  text: string;
  files: OutgoingFile[];
  /** What was named and does not go out, with the reason for a person. */
  refused: { path: string; why: string }[];
}

/** What a channel is given to carry. */
export interface Outgoing {
  deliveryId: string;
  sessionId: string | null;
  runId: string | null;
  messageId: string | null;
  address: string;
  threadKey: string;
  /** 1 for the first. A higher one with the same id may be a repetition of what the receiver had already. */
  attempt: number;
  /** Only callbacks are told that a run goes on still. */
  body: RunFinished | RunStillRunning | MessagePosted | Subscribed | Notice;
  /** The files that go with the body, read when they are asked for. */
  files(): Promise<OutgoingFiles>;
}

/** How an attempt ended, by what the channel can know. */
export type Outcome =
  /** The far end has it. */
  | ({ is: "delivered" } & Answer)
  /** It will never take it. */
  | ({ is: "refused"; error: string } & Answer)
  /** It has it not, or says that it could not use it; later it may. */
  | ({ is: "not_now"; error: string; retryAfterMs?: number | undefined } & Answer)
  /** It may have it: the connection was lost after the request was sent. */
  | { is: "unknown"; error: string };

/** What the far end said, as far as it is worth keeping for a person. */
interface Answer {
  status?: number | undefined;
  response?: string | undefined;
}

/** A way to the outside. It does one attempt; order, retries and fences are the outbox's. */
export interface Channel {
  kind: string;
  /** Ends soon after `signal` aborts. What it throws counts as an unknown outcome. */
  send(delivery: Outgoing, signal: AbortSignal): Promise<Outcome>;
  /** Where the far end can be asked whether it has the delivery already: done before it is sent again. */
  ask?(delivery: Outgoing, signal: AbortSignal): Promise<"sent" | "not_sent" | "unknown">;
}
