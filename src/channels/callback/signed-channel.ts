import { createHmac } from "node:crypto";
import type { Channel, Outcome, Outgoing } from "../../deliveries/channel.ts";
import type { OutboundUrls } from "../../deliveries/outbound-url.ts";
import { AppError } from "../../lib/errors.ts";
import { judgeAnswer } from "./judge-answer.ts";
import { postJson, type PostResult } from "./post-json.ts";

const TIMEOUT_MS = 30_000;
const MAX_ANSWER_BYTES = 64 * 1024;

export interface SignedChannelParts {
  outboundUrls: Pick<OutboundUrls, "refusal" | "lookup">;
  version: string;
  timeoutMs?: number;
}

/** Where an attempt goes, and the secret that its receiver checks the signature with. */
export interface Target {
  url: string;
  secret: string;
}

/** `v1=` and the HMAC-SHA256 in hex of `<timestamp>.<body>`: what a receiver computes over the raw body to compare. */
export const signBody = (secret: string, timestamp: string, body: string): string =>
  `v1=${createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex")}`;

const contentOf = ({ body }: Outgoing): object => (body.type === "subscribed" ? body.event : body);

/**
 * Tells URLs by a signed JSON POST. Whether it arrived cannot be asked, so a lost answer means again. `targetOf` is asked
 * in each attempt; undefined is nobody any more.
 */
export function createSignedChannel(
  { outboundUrls, version, timeoutMs = TIMEOUT_MS }: SignedChannelParts,
  { kind, targetOf }: { kind: string; targetOf: (delivery: Outgoing) => Target | Promise<Target | undefined> },
): Channel {
  return {
    kind,

    async send(delivery, signal): Promise<Outcome> {
      const target = await targetOf(delivery);
      if (!target) return { is: "refused", error: "Its receiver was deleted or switched off" };
      const rule = outboundUrls.refusal(target.url);
      if (rule !== undefined) return { is: "refused", error: `The address ${rule}` };
      const body = JSON.stringify(contentOf(delivery));
      const timestamp = String(Math.floor(Date.now() / 1000));
      const result = await postJson({
        url: new URL(target.url),
        headers: {
          "user-agent": `claude-orchestrator/${version}`,
          "x-orchestrator-event-id": delivery.deliveryId,
          "x-orchestrator-timestamp": timestamp,
          "x-orchestrator-signature": signBody(target.secret, timestamp, body),
          "x-orchestrator-attempt": String(delivery.attempt),
        },
        body,
        lookup: outboundUrls.lookup,
        timeoutMs,
        maxAnswerBytes: MAX_ANSWER_BYTES,
        signal,
      });
      return outcomeOf(result);
    },
  };
}

function outcomeOf(result: PostResult): Outcome {
  if (result.is === "answered") return judgeAnswer(result, new Date());
  const { error } = result;
  if (error instanceof AppError) return { is: "refused", error: error.message };
  if (result.is === "lost") return { is: "unknown", error: `The answer was lost: ${error.message}` };
  return { is: "not_now", error: `The receiver could not be reached: ${error.message}` };
}
