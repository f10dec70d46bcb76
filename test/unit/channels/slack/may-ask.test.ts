import { expect, test } from "vitest";
import { whyNot } from "../../../../src/channels/slack/may-ask.ts";

const member = { isBot: false, isGuest: false, isStranger: false };
const strict = { allowGuests: false, allowConnect: false };

test("members may ask; bots never; guests and strangers where it is allowed", () => {
  expect(whyNot(member, strict)).toBeUndefined();
  expect(whyNot({ ...member, isBot: true }, { allowGuests: true, allowConnect: true })).toContain("Bots");
  expect(whyNot({ ...member, isGuest: true }, strict)).toContain("SLACK_ALLOW_GUESTS");
  expect(whyNot({ ...member, isGuest: true }, { ...strict, allowGuests: true })).toBeUndefined();
  expect(whyNot({ ...member, isStranger: true }, { ...strict, allowGuests: true })).toContain("SLACK_ALLOW_CONNECT");
  expect(whyNot({ ...member, isStranger: true }, { ...strict, allowConnect: true })).toBeUndefined();
});
