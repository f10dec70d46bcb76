import { expect, test } from "vitest";
import { loopSign } from "../../../../src/channels/email/loop-signs.ts";
import { mailEntry } from "../../../../src/channels/email/mail-entry.ts";
import { MAX_HEAD_BYTES, readHead } from "../../../../src/channels/email/mail-head.ts";

test("what stands below ten thousand recipients is read, so that no length hides a machine or an id", () => {
  const to = Array.from({ length: 10_000 }, (_, at) => `p${at}@x.test`).join(",\r\n ");
  const raw = Buffer.from(
    `From: a@b.test\r\nTo: ${to}\r\nSubject: All\r\nMessage-ID: <1@b.test>\r\nAuto-Submitted: auto-replied\r\n\r\nText`,
  );
  expect(raw.length).toBeLessThan(MAX_HEAD_BYTES);
  const head = readHead(raw);
  expect(head.tooLong).toBe(false);
  expect(mailEntry({ raw, via: "imap" }).payload).toMatchObject({ subject: "All", messageId: "<1@b.test>" });
  expect(loopSign(head, { from: "a@b.test", subject: "All" })).toMatch(/automatic/u);
});

test("a head that goes on past what may be read says so", () => {
  expect(readHead(Buffer.from(`X: ${"x".repeat(MAX_HEAD_BYTES)}\r\n\r\nText`)).tooLong).toBe(true);
  expect(readHead(Buffer.from("X: y")).tooLong).toBe(false);
});
