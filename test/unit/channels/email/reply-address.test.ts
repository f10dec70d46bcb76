import { randomBytes, randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { createReplyAddresses } from "../../../../src/channels/email/reply-address.ts";

const secret = randomBytes(32);
const addresses = createReplyAddresses({ address: "Claude@Orch.Test", secret });

test("an address of a session names it, in whatever case it comes back", () => {
  const sessionId = randomUUID();
  const prefix = sessionId.replaceAll("-", "").slice(0, 16);
  expect(addresses.of(sessionId)).toMatch(/^claude\+[0-9a-f]{16}-[0-9a-f]{12}@orch\.test$/);
  expect(addresses.tagsOf([addresses.of(sessionId).toUpperCase()])).toEqual([{ is: "session", prefix }]);
});

test("a tag of another key, with a changed digit, or made up, is forged", () => {
  const mine = addresses.of(randomUUID());
  const others = createReplyAddresses({ address: "claude@orch.test", secret: randomBytes(32) }).of(randomUUID());
  const changed = mine.replace(/(.)@/, (_, digit: string) => `${digit === "0" ? "1" : "0"}@`);
  for (const one of [others, changed, "claude+deadbeef-123456@orch.test"])
    expect(addresses.tagsOf([one])).toEqual([{ is: "forged" }]);
});

test("other tags are names, and other people's addresses have none", () => {
  expect(
    addresses.tagsOf(["claude+owner.repo@orch.test", "claude@orch.test", "bob+x@orch.test", "claude+x@evil.test"]),
  ).toEqual([{ is: "other", tag: "owner.repo" }]);
});
