import fc from "fast-check";
import { expect, test } from "vitest";
import { cutMarkdown } from "../../../../src/channels/email/cut-markdown.ts";

const line = fc.constantFrom(
  "",
  "text",
  "# heading",
  "```",
  "```ts",
  "````",
  "~~~",
  "| a | b |",
  "- item",
  "  indented",
  "> q",
);

test("a text that fits is left as it is", () => {
  expect(cutMarkdown("a\n\nb", 4)).toEqual({ text: "a\n\nb", whole: true });
});

test("a cut falls between two paragraphs", () => {
  const text = `${"a ".repeat(30)}\n\n${"b ".repeat(30)}`;
  expect(cutMarkdown(text, 100)).toEqual({ text: "a ".repeat(30).trimEnd(), whole: false });
});

test("a block of code that is cut is closed by the fence it was opened with", () => {
  const text = `intro\n\n~~~~ts\n${"const a = 1;\n".repeat(20)}~~~~\n`;
  const cut = cutMarkdown(text, 100).text;
  expect(cut).toMatch(/^intro\n\n~~~~ts\n(const a = 1;\n)+~~~~$/);
});

test("one endless line is cut without breaking a character", () => {
  expect(cutMarkdown("😀".repeat(10), 5).text.isWellFormed()).toBe(true);
});

test("whatever is cut begins like the whole, is no longer than asked but for a closing fence, and closes its fences", () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 60 }), fc.integer({ min: 20, max: 200 }), (lines, max) => {
      const whole = lines.join("\n");
      const { text, whole: isWhole } = cutMarkdown(whole, max);
      expect(isWhole && text !== whole).toBe(false);
      if (isWhole) return;
      const kept = text.replace(/\n[`~]+$/, "");
      expect(whole.startsWith(kept)).toBe(true);
      expect(text.length).toBeLessThanOrEqual(max + 5);
      expect(openFence(text)).toBeUndefined();
    }),
    { numRuns: 2_000 },
  );
});

/** Counted anew, by the rule of CommonMark. */
function openFence(text: string): string | undefined {
  let open: string | undefined;
  for (const one of text.split("\n")) {
    const fence = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(one);
    if (!fence) continue;
    const [, marks = "", rest = ""] = fence;
    if (open === undefined) open = marks;
    else if (marks[0] === open[0] && marks.length >= open.length && rest.trim() === "") open = undefined;
  }
  return open;
}
