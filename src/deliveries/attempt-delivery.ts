import { toError } from "../lib/errors.ts";
import { orAborted } from "../lib/or-aborted.ts";
import type { Channel, Outcome, Outgoing } from "./channel.ts";
import type { Claimed } from "./claim-queries.ts";
import { composeDelivery, type ComposeParts } from "./compose-delivery.ts";

export interface AttemptParts extends ComposeParts {
  channels: readonly Channel[];
}

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
    const outgoing = await composeDelivery(parts, claimed);
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
