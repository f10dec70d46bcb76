import { createHmac, timingSafeEqual } from "node:crypto";

/** How far the clock of a request may be from ours, in either direction. */
export const MAX_SKEW_SECONDS = 300;

export interface SignedRequest {
  /** The body exactly as it came. */
  rawBody: Buffer;
  /** `x-slack-request-timestamp` */
  timestamp: string | undefined;
  /** `x-slack-signature` */
  signature: string | undefined;
}

/**
 * Undefined when Slack signed the request within the last five minutes; else what is wrong with it. A time in the future
 * is refused too: such a request could be kept and sent again for as long as its time is ahead.
 */
export function signatureFault(
  { rawBody, timestamp, signature }: SignedRequest,
  { secret, now = Date.now() }: { secret: string; now?: number },
): string | undefined {
  if (timestamp === undefined || signature === undefined) return "it is not signed";
  if (!/^\d{1,12}$/.test(timestamp)) return "its timestamp is no number";
  const skew = Math.floor(now / 1000) - Number(timestamp);
  if (skew > MAX_SKEW_SECONDS) return "its timestamp is more than five minutes old";
  if (skew < -MAX_SKEW_SECONDS) return "its timestamp is more than five minutes ahead";
  const expected = `v0=${createHmac("sha256", secret).update(`v0:${timestamp}:`).update(rawBody).digest("hex")}`;
  const [ours, theirs] = [Buffer.from(expected), Buffer.from(signature)];
  return ours.length === theirs.length && timingSafeEqual(ours, theirs) ? undefined : "its signature is wrong";
}
