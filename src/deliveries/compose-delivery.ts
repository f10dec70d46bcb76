import type { Database } from "../db/database.ts";
import type { DiffSummary } from "../runs/run-result-queries.ts";
import { readSubscriptionEvent } from "../subscriptions/subscription-event-queries.ts";
import type { Notice, Outgoing, OutgoingFiles } from "./channel.ts";
import { recordDetails, type Claimed } from "./claim-queries.ts";
import { SUBSCRIPTION } from "./delivery-queries.ts";
import { readMessagePosted, readRunFinished } from "./run-finished-queries.ts";

export interface ComposeParts {
  db: Database;
  /** What a session changed, in numbers; null when there is nothing to compare. */
  summarizeDiff: (sessionId: string) => Promise<DiffSummary>;
  /** The files of the workspace that a text of Claude's names to go with it. */
  readFiles: (sessionId: string, text: string) => Promise<OutgoingFiles>;
  /** Where people reach this server. */
  baseUrl: () => string;
}

/** A message does not wait long for numbers that make it nicer. */
const DIFF_MS = 5_000;

/** What a channel is given to carry, read from the ledger. */
export async function composeDelivery(parts: ComposeParts, claimed: Claimed): Promise<Outgoing> {
  const body = await bodyOf(parts, claimed);
  const { id: deliveryId, attempts: attempt, sessionId, runId, messageId, address, threadKey } = claimed;
  const text = textOf(body);
  const files = async () =>
    sessionId === null || body.type !== "run.finished" // Only what Claude said names files.
      ? { text, files: [], refused: [] }
      : parts.readFiles(sessionId, text);
  return { deliveryId, sessionId, runId, messageId, address, threadKey, attempt, body, files };
}

async function bodyOf(parts: ComposeParts, claimed: Claimed): Promise<Outgoing["body"]> {
  const { db, baseUrl } = parts;
  if (claimed.kind === SUBSCRIPTION)
    return { type: "subscribed", event: await readSubscriptionEvent(db, claimed, baseUrl()) };
  switch (claimed.topic) {
    case "notice":
      return claimed.body as Notice;
    case "message.posted":
      return readMessagePosted(db, claimed, baseUrl());
    default:
      return readRunFinished(db, claimed, { readDiff: () => diffOf(parts, claimed), baseUrl: baseUrl() });
  }
}

function textOf(body: Outgoing["body"]): string {
  if (body.type === "notice" || body.type === "subscribed") return "";
  return body.type === "message.posted" ? body.content : (body.answer ?? body.error ?? "");
}

/** Counted for the first attempt and kept: the session may go on, and later attempts say the same. */
async function diffOf({ db, summarizeDiff }: ComposeParts, claimed: Claimed): Promise<DiffSummary> {
  const { sessionId, details } = claimed;
  if (sessionId === null) return null;
  const { diff: kept } = details as { diff?: DiffSummary };
  if (kept !== undefined) return kept;
  const late = new Promise<null>((resolve) => void setTimeout(() => resolve(null), DIFF_MS).unref());
  const diff = await Promise.race([summarizeDiff(sessionId).catch(() => null), late]);
  await recordDetails(db, claimed, { diff });
  return diff;
}
