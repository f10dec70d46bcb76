import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { signatureFault } from "../../../../src/channels/slack/verify-signature.ts";

const secret = "a signing secret";
const now = 1_800_000_000_000;
const rawBody = Buffer.from('{"text":"grüße"}');
const at = (seconds: number) => String(now / 1000 + seconds);
const sign = (timestamp: string, body = rawBody, key = secret) =>
  `v0=${createHmac("sha256", key).update(`v0:${timestamp}:`).update(body).digest("hex")}`;
const fault = (seconds: number, change: object = {}) =>
  signatureFault({ rawBody, timestamp: at(seconds), signature: sign(at(seconds)), ...change }, { secret, now });

test("what Slack signed within five minutes passes, in both directions of the clock", () => {
  expect([0, -299, 299].map((seconds) => fault(seconds))).toEqual([undefined, undefined, undefined]);
});

test("what is older, and what lies in the future, is refused although it is signed", () => {
  expect(fault(-301)).toContain("old");
  expect(fault(301)).toContain("ahead");
  expect(fault(3_600)).toContain("ahead");
});

test("another body, another secret, a cut or missing signature are refused", () => {
  expect(fault(0, { rawBody: Buffer.from("{}") })).toContain("wrong");
  expect(fault(0, { signature: sign(at(0), rawBody, "other") })).toContain("wrong");
  expect(fault(0, { signature: sign(at(0)).slice(0, 20) })).toContain("wrong");
  expect(fault(0, { signature: undefined })).toContain("not signed");
  expect(fault(0, { timestamp: "1e9" })).toContain("no number");
});
