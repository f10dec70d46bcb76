import { expect, test } from "vitest";
import { summaryOf } from "../../../src/runs/restart-summary.ts";

const said = (direction: "inbound" | "outbound", content: string, more: object = {}) => ({
  direction,
  source: "api",
  author: null,
  metadata: {},
  content,
  length: content.length,
  ...more,
});

test("what was said stands before the new message, the newest last, and answers that only failed are left out", () => {
  const newestFirst = [
    said("outbound", "the record is gone", { metadata: { reason: "unknown_claude_session" } }),
    said("inbound", "second", { author: "Mara" }),
    said("outbound", "an answer\nof two lines"),
    said("inbound", "first"),
  ];
  const text = summaryOf({ title: "Owls", newestFirst, prompt: "/compact this" });
  expect(text).toMatch(/Title: Owls\n\n> The person: first\n\n> You: an answer\n> of two lines\n\n> Mara: second\n\n/);
  expect(text).toMatch(/The new message:\n\n\/compact this$/);
  expect(text).not.toContain("the record is gone");
});

test("a long talk is cut at its beginning, and a long text says how much is missing", () => {
  const newestFirst = Array.from({ length: 50 }, (_, index) =>
    said("inbound", `${index} ${"x".repeat(3_990)}`, { length: 10_000 }),
  );
  const text = summaryOf({ title: "t", newestFirst, prompt: "p" });
  expect(text.length).toBeLessThan(41_000);
  expect(text).toContain("> The person: 0 x");
  expect(text).not.toContain("> The person: 20 x");
  expect(text).toMatch(/… \[60\d\d more letters\]/);
});

test("nothing that is quoted can make Claude read a file or follow a command", () => {
  const text = summaryOf({ title: "@/etc/shadow", newestFirst: [said("inbound", "see @/etc/passwd")], prompt: "p" });
  expect(text).not.toMatch(/@\//);
  expect(text.startsWith("/")).toBe(false);
});
