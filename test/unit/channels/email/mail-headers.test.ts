import { expect, test } from "vitest";
import { messageIdOf, replySubject, threadHeaders } from "../../../../src/channels/email/mail-headers.ts";

const answered = (subject: string) => ({ subject, messageId: "<a@b>", references: [] });

test("the Message-ID is the delivery's, at the domain of the sender", () => {
  expect(messageIdOf("d1", "claude@example.org")).toBe("<d1@example.org>");
});

test.each([
  ["Broken build", "Re: Broken build"],
  ["Re: Broken build", "Re: Broken build"],
  ["RE: RE: Broken build", "RE: RE: Broken build"],
  ["AW: Kaputt", "AW: Kaputt"],
  ["Re[2]: Broken", "Re[2]: Broken"],
  ["Regarding: x", "Re: Regarding: x"],
  ["", "Re:"],
  ["a\r\nBcc: everybody@example.org", "Re: a Bcc: everybody@example.org"],
])("the subject %j is answered as %j", (subject, expected) => {
  expect(replySubject(answered(subject))).toBe(expected);
});

test("the first mail of a thread answers nothing", () => {
  const first = { subject: "News", messageId: null, references: [] };
  expect(replySubject(first)).toBe("News");
  expect(threadHeaders(first)).toEqual({});
});

test("References keep the first mail of a long thread and the last ones, the answered one at the end", () => {
  const ids = Array.from({ length: 50 }, (_, index) => `<${index}@b>`);
  const { inReplyTo, references = [] } = threadHeaders({ subject: "x", messageId: "<last@b>", references: ids });
  expect(inReplyTo).toBe("<last@b>");
  expect(references).toHaveLength(20);
  expect(references[0]).toBe("<0@b>");
  expect(references.slice(-2)).toEqual(["<49@b>", "<last@b>"]);
});
