import { toError } from "../lib/errors.ts";
import { orAborted } from "../lib/or-aborted.ts";
import type { Channel, Outcome, Outgoing, OutgoingFiles } from "./channel.ts";
import type { Claimed } from "./claim-queries.ts";
import { composeDelivery, type ComposeParts } from "./compose-delivery.ts";

export interface AttemptParts extends Omit<ComposeParts, "readFiles"> {
  channels: readonly Channel[];
  /** The files that a text of Claude's names; they are held for the attempt and given back at its end. */
  readFiles: (sessionId: string, text: string, signal: AbortSignal) => Promise<OutgoingFiles & Partial<Disposable>>;
}

/** Gives files back at the end of an attempt, also those that are read only then. */
function holdFiles({ readFiles }: AttemptParts, signal: AbortSignal): ComposeParts["readFiles"] & Disposable {
  const held = new DisposableStack();
  const read: ComposeParts["readFiles"] = async (sessionId, text) => {
    const files = await readFiles(sessionId, text, signal);
    const giveBack = () => files[Symbol.dispose]?.();
    if (held.disposed) giveBack();
    else held.defer(giveBack);
    return files;
  };
  return Object.assign(read, { [Symbol.dispose]: () => held.dispose() });
}

/** One attempt at a delivery that is claimed. Never throws; `inDoubt`: an earlier attempt may have got through, still. */
export async function attemptDelivery(
  parts: AttemptParts,
  claimed: Claimed,
  signal: AbortSignal,
): Promise<{ outcome: Outcome; inDoubt: boolean }> {
  const channel = parts.channels.find(({ kind }) => kind === claimed.kind);
  let { inDoubt } = claimed;
  using readFiles = holdFiles(parts, signal);
  try {
    if (!channel) throw new Error(`no channel carries ${claimed.kind}`);
    const outgoing = await composeDelivery({ ...parts, readFiles }, claimed);
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
