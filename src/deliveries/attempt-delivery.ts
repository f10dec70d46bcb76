import type { RunFinished } from "../contract/delivery.ts";
import type { Database } from "../db/database.ts";
import { toError } from "../lib/errors.ts";
import type { Channel, Outcome, Outgoing } from "./channel.ts";
import { recordDetails, type Claimed } from "./claim-queries.ts";
import { readRunFinished } from "./run-finished-queries.ts";

export type DiffSummary = RunFinished["diff"];

export interface AttemptParts {
  db: Database;
  channels: readonly Channel[];
  /** What a session changed, in numbers; null when there is nothing to compare. */
  summarizeDiff: (sessionId: string) => Promise<DiffSummary>;
  /** Where people reach this server. */
  baseUrl: () => string;
}

/** A message does not wait long for numbers that make it nicer. */
const DIFF_MS = 5_000;

/** One attempt at a delivery that is claimed. Never throws; `inDoubt`: an earlier attempt may have got through, still. */
export async function attemptDelivery(
  parts: AttemptParts,
  claimed: Claimed,
  signal: AbortSignal,
): Promise<{ outcome: Outcome; inDoubt: boolean }> {
  const channel = parts.channels.find(({ kind }) => kind === claimed.kind);
  let { inDoubt } = claimed;
  try {
    if (!channel) throw new Error(`no channel carries ${claimed.kind}`);
    const outgoing = await compose(parts, claimed);
    if (inDoubt && channel.ask) {
      const told = await orAborted(channel.ask(outgoing, signal), signal).catch(() => "unknown" as const);
      if (told === "sent") return { outcome: { is: "delivered" }, inDoubt: false };
      if (told === "unknown")
        return {
          outcome: {
            is: "not_now",
            error: "It is not known whether it arrived, and the receiver cannot be asked right now",
          },
          inDoubt,
        };
      inDoubt = false;
    }
    return { outcome: await send(channel, outgoing, signal), inDoubt };
  } catch (error) {
    return { outcome: { is: "not_now", error: `Before it was sent: ${toError(error).message}` }, inDoubt };
  }
}

async function send(channel: Channel, outgoing: Outgoing, signal: AbortSignal): Promise<Outcome> {
  try {
    return await orAborted(channel.send(outgoing, signal), signal);
  } catch (error) {
    return { is: "unknown", error: toError(error).message };
  }
}

async function compose({ db, summarizeDiff, baseUrl }: AttemptParts, claimed: Claimed): Promise<Outgoing> {
  const diff = await diffOf({ db, summarizeDiff }, claimed);
  const body = await readRunFinished(db, claimed, { diff, baseUrl: baseUrl() });
  return {
    deliveryId: claimed.id,
    address: claimed.address,
    threadKey: claimed.threadKey,
    attempt: claimed.attempts,
    body,
  };
}

/** Counted for the first attempt and kept: the session may go on, and later attempts say the same. */
async function diffOf(
  { db, summarizeDiff }: Pick<AttemptParts, "db" | "summarizeDiff">,
  claimed: Claimed,
): Promise<DiffSummary> {
  const { diff: kept } = claimed.details as { diff?: DiffSummary };
  if (kept !== undefined) return kept;
  const late = new Promise<null>((resolve) => void setTimeout(() => resolve(null), DIFF_MS).unref());
  const diff = await Promise.race([summarizeDiff(claimed.sessionId).catch(() => null), late]);
  await recordDetails(db, claimed, { diff });
  return diff;
}

/** A channel that does not heed the signal holds nobody up. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(toError(signal.reason));
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
