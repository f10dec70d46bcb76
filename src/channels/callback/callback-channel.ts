import { createHmac } from "node:crypto";
import type { Channel, Outcome, Outgoing } from "../../deliveries/channel.ts";
import type { OutboundUrls } from "../../deliveries/outbound-url.ts";
import { AppError } from "../../lib/errors.ts";
import { judgeAnswer } from "./judge-answer.ts";
import { postJson } from "./post-json.ts";

const TIMEOUT_MS = 30_000;
const MAX_ANSWER_BYTES = 64 * 1024;

interface Parts {
  /** Shared with the receivers: what they check the signature with. */
  secret: string;
  outboundUrls: Pick<OutboundUrls, "refusal" | "lookup">;
  version: string;
  timeoutMs?: number;
}

/** `v1=` and the HMAC-SHA256 in hex of `<timestamp>.<body>`: what a receiver computes over the raw body to compare. */
export const signCallback = (secret: string, timestamp: string, body: string): string =>
  `v1=${createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex")}`;

/** Tells URLs that callers named: a signed JSON POST. Whether it arrived cannot be asked, so a lost answer means again. */
export function createCallbackChannel({ secret, outboundUrls, version, timeoutMs = TIMEOUT_MS }: Parts): Channel {
  return {
    kind: "callback",

    async send({ deliveryId, address, attempt, body: content }: Outgoing, signal): Promise<Outcome> {
      const rule = outboundUrls.refusal(address);
      if (rule !== undefined) return { is: "refused", error: `The address ${rule}` };
      const body = JSON.stringify(content);
      const timestamp = String(Math.floor(Date.now() / 1000));
      const result = await postJson({
        url: new URL(address),
        headers: {
          "user-agent": `claude-orchestrator/${version}`,
          "x-orchestrator-event-id": deliveryId,
          "x-orchestrator-timestamp": timestamp,
          "x-orchestrator-signature": signCallback(secret, timestamp, body),
          "x-orchestrator-attempt": String(attempt),
        },
        body,
        lookup: outboundUrls.lookup,
        timeoutMs,
        maxAnswerBytes: MAX_ANSWER_BYTES,
        signal,
      });
      if (result.is === "answered") return judgeAnswer(result, new Date());
      const { error } = result;
      if (error instanceof AppError) return { is: "refused", error: error.message };
      if (result.is === "lost") return { is: "unknown", error: `The answer was lost: ${error.message}` };
      return { is: "not_now", error: `The receiver could not be reached: ${error.message}` };
    },
  };
}
